import type { Measures } from './measurement.js';
import type { BenchOptions } from './options.js';
import type { ReportRow } from './reports.js';
import { startLoaded } from './scenarios/load-rounds.js';
import { ONE_ACTIVITY } from './scenarios/workflows.js';
import { median } from './statistics.js';

const IN_FLIGHT = 200;

/** Compared numbers, and whether more of them is worse. */
const COMPARED = [
  { measure: 'perSecond', what: 'workflows a second', isCost: false },
  { measure: 'workerCpuMicrosPerItem', what: 'processor time of the worker', isCost: true },
  { measure: 'clientCpuMicrosPerItem', what: 'processor time of the client', isCost: true },
] as const satisfies readonly { measure: keyof Measures; what: string; isCost: boolean }[];

/**
 * What full telemetry costs the workflow with one activity: all traces are sampled, spans and metrics are exported over
 * OTLP to a sink that takes everything, against processes that have no telemetry at all. Both deployments are up at the
 * same time, and rounds of one and the other take turns, so that what else the machine does meets both.
 */
export async function measureTelemetryCost(
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly ReportRow[]> {
  const inFlight = options.inFlight ?? IN_FLIGHT;
  const off = await startLoaded(ONE_ACTIVITY, { ...options, telemetry: 'off' }, inFlight);
  const full = await startLoaded(ONE_ACTIVITY, { ...options, telemetry: 'all' }, inFlight);
  try {
    const pairs: { readonly off: Measures; readonly full: Measures }[] = [];
    for (let round = 0; round < options.rounds; round++) {
      tell(`telemetry: round ${round + 1} of ${options.rounds}`);
      const isOffFirst = round % 2 === 0;
      const first = await (isOffFirst ? off : full).round();
      const second = await (isOffFirst ? full : off).round();
      const [without, within] = isOffFirst ? [first, second] : [second, first];
      pairs.push({ off: without.measures, full: within.measures });
    }
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
  } finally {
    await Promise.all([off.stop(), full.stop()]);
  }
}
