import { observeMetrics, QUARANTINE_METRICS } from '@tidewheel/telemetry';
import type { EngineGate } from './engine-gate.js';

/**
 * Lets the registered meter ask how many tasks are quarantined whenever metrics are collected. While Redis is away it is
 * left out.
 *
 * @returns ends it
 */
export function observeQuarantine(gate: Pick<EngineGate, 'call'>): () => void {
  return observeMetrics(QUARANTINE_METRICS, async (observe) => {
    const count = await gate.call((engine) => engine.countQuarantinedTasks()).catch(() => undefined);
    if (count !== undefined) observe('quarantinedTasks', count);
  });
}
