/** A duration as people write it: milliseconds, or a number with a unit such as `10s`, `1.5 minutes`, `2h`. */
export type Duration = number | string;

const UNIT_MS: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  msec: 1,
  millisecond: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  y: 31_557_600_000,
  yr: 31_557_600_000,
  year: 31_557_600_000,
};

/** Longest duration accepted anywhere: ten years in milliseconds. */
export const MAX_DURATION_MS = 10 * 365.25 * 86_400_000;

/** A duration that is no duration; `message` says what was given and what is allowed. */
export class InvalidDurationError extends Error {
  override readonly name = 'InvalidDurationError';
}

/**
 * Milliseconds of a duration.
 *
 * @throws InvalidDurationError when it is negative, not finite, longer than {@link MAX_DURATION_MS} or not understood.
 */
export function durationToMs(duration: Duration): number {
  const ms = typeof duration === 'number' ? duration : parseDuration(duration);
  if (ms === undefined || !Number.isFinite(ms) || ms < 0 || ms > MAX_DURATION_MS) {
    throw new InvalidDurationError(
      `${JSON.stringify(duration)} is not a duration: give milliseconds as a number, or text such as "10s", "5 minutes" or "1.5h", up to ten years`,
    );
  }
  return Math.round(ms);
}

/** Milliseconds of an optional duration: undefined stays undefined. */
export function optionalDurationToMs(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : durationToMs(duration);
}

/** A duration in the form the REST interface writes: seconds with a suffix, for example `1.5s`. */
export function formatDuration(ms: number): string {
  return `${ms / 1_000}s`;
}

function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)$/i.exec(text.trim());
  if (!match) return undefined;
  const unit = (match[2] ?? '').toLowerCase();
  const factor = UNIT_MS[unit] ?? (unit.endsWith('s') ? UNIT_MS[unit.slice(0, -1)] : undefined);
  return factor === undefined ? undefined : Number(match[1]) * factor;
}
