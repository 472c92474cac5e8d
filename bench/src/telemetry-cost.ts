import type { Measures } from './measurement.js';
import type { BenchOptions } from './options.js';
import type { ReportRow } from './reports.js';
import { median } from './statistics.js';
import { measureInTurns } from './turns.js';

/** Compared numbers, and whether more of them is worse. */
const COMPARED = [
  { measure: 'perSecond', what: 'workflows a second', isCost: false },
  { measure: 'workerCpuMicrosPerItem', what: 'processor time of the worker', isCost: true },
  { measure: 'clientCpuMicrosPerItem', what: 'processor time of the client', isCost: true },
] as const satisfies readonly { measure: keyof Measures; what: string; isCost: boolean }[];

/**
 * What full telemetry costs the workflow with one activity: all traces are sampled, spans and metrics are exported over
 * OTLP to a sink that takes everything, against processes that have no telemetry at all.
 */
export async function measureTelemetryCost(
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly ReportRow[]> {
  const pairs = await measureInTurns(
    { off: { telemetry: 'off' }, full: { telemetry: 'all' } },
    options,
    tell,
  );
  return COMPARED.flatMap(({ measure, what, isCost }) => {
    const sideOf = (side: 'off' | 'full') => pairs.map((pair) => pair[side][measure] ?? Number.NaN);
    const costs = pairs.map(({ off: before, full: after }) => {
      const ratio = (after[measure] ?? Number.NaN) / (before[measure] ?? Number.NaN);
      return (isCost ? ratio - 1 : 1 / ratio - 1) * 100;
    });
    return [
      { measure: `${what}, off`, value: median(sideOf('off')), unit: 'median' },
      { measure: `${what}, full`, value: median(sideOf('full')), unit: 'median' },
      { measure: `${what}: cost`, value: median(costs), unit: '%, median of pairs' },
      { measure: `${what}: cost, least`, value: Math.min(...costs), unit: '%' },
      { measure: `${what}: cost, most`, value: Math.max(...costs), unit: '%' },
    ];
  });
}
