import type { Measures } from './measurement.js';
import type { BenchOptions } from './options.js';
import type { ReportRow } from './reports.js';
import { median } from './statistics.js';
import { measureAtOnce } from './turns.js';

/** Whose processor time for a workflow is compared. */
const PARTS = {
  'worker, client and Redis': ['workerCpuMicrosPerItem', 'clientCpuMicrosPerItem', 'redisCpuMicrosPerItem'],
  worker: ['workerCpuMicrosPerItem'],
  client: ['clientCpuMicrosPerItem'],
  Redis: ['redisCpuMicrosPerItem'],
} as const satisfies Record<string, readonly (keyof Measures)[]>;

/**
 * What full telemetry costs the workflow with one activity: spans and metrics are exported over OTLP to a sink that takes
 * everything, against processes that have no telemetry at all. Which traces are kept is said as for any process, by
 * OTEL_TRACES_SAMPLER.
 */
export async function measureTelemetryCost(
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly ReportRow[]> {
  const pairs = await measureAtOnce({ off: { telemetry: 'off' }, full: { telemetry: 'all' } }, options, tell);
  return Object.entries(PARTS).flatMap(([who, measures]) => {
    const timesOf = (side: 'off' | 'full') =>
      pairs.map((pair) =>
        measures.reduce<number>((sum, measure) => sum + (pair[side][measure] ?? Number.NaN), 0),
      );
    const [off, full] = [timesOf('off'), timesOf('full')];
    const ratios = full.map((micros, pair) => micros / (off[pair] ?? Number.NaN));
    return [
      { measure: `${who}, off`, value: median(off), unit: 'us, median' },
      { measure: `${who}, full`, value: median(full), unit: 'us, median' },
      { measure: `${who}: cost`, value: median(ratios), unit: 'times, median of pairs' },
      { measure: `${who}: cost, least`, value: Math.min(...ratios), unit: 'times' },
      { measure: `${who}: cost, most`, value: Math.max(...ratios), unit: 'times' },
    ];
  });
}
