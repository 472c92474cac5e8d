import { LIMITS } from '@tidewheel/core';

/** What a history that is longer or larger than allowed is failed with; names the limit that it broke. */
export function brokenHistoryLimit(events: number, bytes: number): string {
  const [size, limit] =
    events > LIMITS.historyEvents
      ? [`${events} events`, LIMITS.historyEvents]
      : [`${bytes} bytes`, LIMITS.historyBytes];
  return `the history has ${size}, the limit is ${limit}: continue as new before`;
}
