import { LIMITS } from './limits.js';

/**
 * What is wrong with a rate in tasks a second, or undefined. Where people write it, zero is no rate but a value that is
 * missing; `zeroStops` lets it pass where the protocol says that zero stops the dispatch.
 */
export function dispatchRateFault(
  value: unknown,
  options: { readonly zeroStops?: boolean } = {},
): string | undefined {
  const { zeroStops = false } = options;
  const least = zeroStops ? 'not negative' : 'greater than 0';
  if (typeof value === 'number' && Number.isFinite(value) && (zeroStops ? value >= 0 : value > 0)) {
    return undefined;
  }
  return `must be a finite number of tasks a second, ${least}; fractions such as 0.1 are fine`;
}

/** What is wrong with a burst in tasks, or undefined. */
export function burstFault(value: unknown): string | undefined {
  if (typeof value === 'number' && value >= 1 && value <= LIMITS.dispatchBurst) return undefined;
  return `must be a number of tasks from 1 to ${LIMITS.dispatchBurst}`;
}
