/** How many tasks of a queue may be started in a time. */
export interface DispatchRate {
  /** Tasks a second, 0 for none at all; fractions are fine. */
  readonly perSecond: number;
  /**
   * Permits that may be there at once, at least 1. Default: one second's worth, at least 1, of which a quarter is there
   * after a quiet time; all of it only while somebody waits, so that what is late is made up for.
   */
  readonly burst?: number | undefined;
}

/** Permits to start tasks: they come at a rate, and what does not fit into the burst is lost. Times in microseconds. */
export interface PermitBucket {
  /** Permits, fractions included, as of `atMicros`. */
  readonly tokens: number;
  readonly atMicros: number;
  /** The last turn given to somebody who waits; 0 when nobody waits. */
  readonly turnMicros: number;
}

/** What came of asking for permits. */
export interface PermitGrant {
  readonly bucket: PermitBucket;
  /** How many were granted. */
  readonly granted: number;
  /** When fewer were granted than wanted: how long to wait before asking again. */
  readonly waitMicros: number;
}

const SECOND_MICROS = 1_000_000;
/** Share of a second's worth that a bucket holds after a quiet time: ten seconds then bring 2.5 % too much at most. */
const QUIET_SHARE = 0.25;
/** Time between two turns of those who wait. */
const TURN_SPACING_MICROS = { least: 1_000, most: 10_000 };
/** Longest time that a turn comes after the permit it is for; beyond that, turns coincide. */
const TURNS_WITHIN_MICROS = 2 * SECOND_MICROS;
/** Longest wait that is told: a day. */
const MAX_WAIT_MICROS = 86_400 * SECOND_MICROS;

/** A bucket of a rate that begins to hold: one permit, so that ten seconds bring ten seconds' worth. */
export function newBucket(nowMicros: number): PermitBucket {
  return { tokens: 1, atMicros: nowMicros, turnMicros: 0 };
}

/** Permits that may be there at once. */
export function burstOf({ perSecond, burst }: DispatchRate): number {
  return burst ?? Math.max(1, perSecond);
}

/** Grants permits, at most `want`, and says when to ask again for those that are missing. */
export function takePermits(
  bucket: PermitBucket,
  rate: DispatchRate,
  want: number,
  nowMicros: number,
): PermitGrant {
  const refilled = refill(bucket, rate, nowMicros);
  const granted = rate.perSecond > 0 ? Math.min(want, Math.floor(refilled.tokens)) : 0;
  const tokens = refilled.tokens - granted;
  if (granted === want) {
    const turnMicros = refilled.turnMicros <= nowMicros ? 0 : refilled.turnMicros;
    return { bucket: { ...refilled, tokens, turnMicros }, granted, waitMicros: 0 };
  }
  const dueMicros = nowMicros + permitDueIn(tokens, rate);
  const turn = Math.max(dueMicros, refilled.turnMicros + turnSpacing(rate));
  const waitMicros = Math.min(Math.min(turn, dueMicros + TURNS_WITHIN_MICROS) - nowMicros, MAX_WAIT_MICROS);
  return { bucket: { ...refilled, tokens, turnMicros: nowMicros + waitMicros }, granted, waitMicros };
}

/** Takes permits back that were not used, because no task waits: nobody needs to wait for permits any more. */
export function returnPermits(
  bucket: PermitBucket,
  rate: DispatchRate,
  count: number,
  nowMicros: number,
): PermitBucket {
  const refilled = refill(bucket, rate, nowMicros);
  return { ...refilled, tokens: Math.min(burstOf(rate), refilled.tokens + count), turnMicros: 0 };
}

function refill(bucket: PermitBucket, rate: DispatchRate, nowMicros: number): PermitBucket {
  const burst = burstOf(rate);
  const quiet = rate.burst ?? Math.max(1, rate.perSecond * QUIET_SHARE);
  const cap = bucket.turnMicros > 0 ? burst : quiet;
  const elapsedSeconds = Math.max(0, nowMicros - bucket.atMicros) / SECOND_MICROS;
  const filled = Math.min(cap, bucket.tokens + elapsedSeconds * rate.perSecond);
  return { ...bucket, tokens: Math.max(Math.min(bucket.tokens, burst), filled), atMicros: nowMicros };
}

/** Microseconds until there is a whole permit. */
function permitDueIn(tokens: number, { perSecond }: DispatchRate): number {
  if (perSecond <= 0) return MAX_WAIT_MICROS;
  return Math.ceil((Math.max(0, 1 - tokens) / perSecond) * SECOND_MICROS);
}

/** Half the time in which the burst fills, within bounds: a bucket must not run over between two turns. */
function turnSpacing(rate: DispatchRate): number {
  const half = Math.floor((burstOf(rate) / Math.max(rate.perSecond, 1)) * (SECOND_MICROS / 2));
  return Math.min(TURN_SPACING_MICROS.most, Math.max(TURN_SPACING_MICROS.least, half));
}
