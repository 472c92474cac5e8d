import type { P } from '../proto.js';
import { int64, toNumber } from '../proto.js';

/** Milliseconds of a duration, rounded up so that something short does not become nothing; 0 when it is not set. */
export function durationMs(duration: P.Duration | null | undefined): number {
  if (!duration) return 0;
  return toNumber(duration.seconds) * 1_000 + Math.ceil((duration.nanos ?? 0) / 1_000_000);
}

/** A duration that is always present: zero where there is none, as clients expect it in events. */
export function durationToProto(ms: number | undefined): P.Duration {
  return parts(ms ?? 0);
}

/** Like {@link durationToProto}; nothing for a duration that is not limited. */
export function optionalDuration(ms: number | undefined): P.Duration | null {
  return ms ? parts(ms) : null;
}

/** A point in time, from milliseconds since the epoch. */
export function timestampToProto(ms: number): P.Timestamp {
  return parts(ms);
}

/** Like {@link timestampToProto}; nothing for a time that is not known. */
export function optionalTimestamp(ms: number | undefined): P.Timestamp | null {
  return ms === undefined || ms <= 0 ? null : timestampToProto(ms);
}

/** Milliseconds since the epoch; undefined when it is not set. */
export function timestampMs(timestamp: P.Timestamp | null | undefined): number | undefined {
  if (!timestamp) return undefined;
  return toNumber(timestamp.seconds) * 1_000 + Math.floor((timestamp.nanos ?? 0) / 1_000_000);
}

function parts(ms: number): { seconds: ReturnType<typeof int64>; nanos: number } {
  const seconds = Math.floor(ms / 1_000);
  return { seconds: int64(seconds), nanos: Math.round((ms - seconds * 1_000) * 1_000_000) };
}
