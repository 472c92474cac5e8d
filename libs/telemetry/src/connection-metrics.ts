import { CONNECTION_METRICS } from './catalog/service-catalog.js';
import { observeMetrics } from './instruments.js';

/**
 * Lets the registered meter ask for the ages of blocking connections whenever metrics are collected.
 *
 * @param ages by what the connections are for, in milliseconds
 * @returns ends it
 */
export function observeBlockingConnections(ages: () => ReadonlyMap<string, number>): () => void {
  return observeMetrics(CONNECTION_METRICS, (observe) => {
    for (const [connection, ageMs] of ages()) observe('blockingConnectionAge', ageMs / 1_000, { connection });
  });
}
