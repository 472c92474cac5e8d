import { randomInt } from 'node:crypto';
import { stderr } from 'node:process';

/** The largest seed: seeds are unsigned 32-bit integers. */
const MAX_SEED = 2 ** 32 - 1;

/** Chance that can be repeated: the same seed gives the same values in the same order, on every machine. */
export interface SeededRandom {
  readonly seed: number;
  /** The next value, from 0 up to but without 1. */
  next(): number;
  /** An integer from `min` to `max`, both included. Throws RangeError unless both are integers and `min` <= `max`. */
  int(min: number, max: number): number;
  /** One of the items, each as likely as the others. Throws RangeError when there is none. */
  pick<T>(items: readonly T[]): T;
  /** True with the given probability, from 0 (never) to 1 (always). */
  chance(probability: number): boolean;
}

/**
 * A generator for tests (mulberry32: 32 bits of state, good enough to choose faults, far from good enough for secrets).
 *
 * @param seed an integer from 0 to 2^32 - 1.
 * @throws RangeError when the seed is anything else.
 */
export function createSeededRandom(seed: number): SeededRandom {
  if (!isSeed(seed)) throw new RangeError(`A seed is an integer from 0 to ${MAX_SEED}, not ${seed}`);
  let state = seed;

  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  const int = (min: number, max: number): number => {
    if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min > max) {
      throw new RangeError(`Cannot choose an integer from ${min} to ${max}`);
    }
    return min + Math.floor(next() * (max - min + 1));
  };

  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new RangeError('Cannot pick from no items');
    return items[int(0, items.length - 1)] as T;
  };

  return { seed, next, int, pick, chance: (probability) => next() < probability };
}

/**
 * The seed of a test run: TIDEWHEEL_SEED when it is set, else a new one.
 * Prints it to stderr as `TIDEWHEEL_SEED=<seed>`, so that a failed run can be repeated.
 *
 * @throws RangeError when TIDEWHEEL_SEED is not an integer from 0 to 2^32 - 1.
 */
export function seedFromEnv(): number {
  const given = process.env['TIDEWHEEL_SEED']?.trim();
  const seed = given ? Number(given) : randomInt(MAX_SEED + 1);
  if (!isSeed(seed))
    throw new RangeError(`TIDEWHEEL_SEED is an integer from 0 to ${MAX_SEED}, not ${given ?? ''}`);
  stderr.write(`TIDEWHEEL_SEED=${seed}\n`);
  return seed;
}

function isSeed(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_SEED;
}
