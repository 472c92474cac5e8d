import { dispatchRateFault, durationToMs, InvalidArgumentError } from '@tidewheel/core';
import type { Duration } from '@tidewheel/core';

/** @throws InvalidArgumentError naming the option, when it is not an integer from `least` on */
export function count(field: string, value: number | undefined, fallback: number, least: number): number {
  const given = value ?? fallback;
  if (!Number.isSafeInteger(given) || given < least) {
    throw new InvalidArgumentError(field, `must be an integer, ${least} or more; got ${given}`);
  }
  return given;
}

/** @throws InvalidArgumentError naming the option, when it is no duration */
export function ms(field: string, value: Duration | undefined, fallbackMs: number): number {
  if (value === undefined) return fallbackMs;
  try {
    return durationToMs(value);
  } catch (error) {
    throw new InvalidArgumentError(field, error instanceof Error ? error.message : String(error));
  }
}

/** @throws InvalidArgumentError naming the option, when it is no number greater than 0 */
export function rate(field: string, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const fault = dispatchRateFault(value);
  if (fault) throw new InvalidArgumentError(field, fault);
  return value;
}
