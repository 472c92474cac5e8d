import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchOptions } from '../options.js';
import type { ReportRow } from '../reports.js';
import { runAutoscaled } from './autoscaled-run.js';
import type { Sample } from './autoscaled-run.js';
import { plotWave } from './wave-plot.js';

const PLOT_FILE = fileURLToPath(new URL('../../../tmp/scaling.svg', import.meta.url));

/**
 * A fleet of real worker processes that an autoscaler takes from one to eight and back, while work comes all the time.
 * Draws what happened, too.
 *
 * @throws when a workflow was lost or done twice, or a worker did not end in order
 */
export async function measureScaling(
  { partitions }: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly ReportRow[]> {
  const { samples, workflows, handedBack, exitCodes, violations } = await runAutoscaled(
    {
      partitions,
      maxReplicas: 8,
      calmPerSecond: 2,
      wavePerSecond: 27,
      calmMs: 10_000,
      waveMs: 40_000,
      stabilizationWindowMs: 20_000,
    },
    tell,
  );
  await mkdir(dirname(PLOT_FILE), { recursive: true });
  await writeFile(PLOT_FILE, plotWave(samples));
  tell(`the run is drawn in ${PLOT_FILE}`);
  const disorderly = exitCodes.filter((code) => code !== 0).length;
  if (violations.length > 0 || disorderly > 0) {
    throw new Error(`${disorderly} workers did not end in order; ${violations.join('; ')}`);
  }
  const most = (value: (sample: Sample) => number): number => Math.max(...samples.map(value));
  const row = (measure: string, value: number, unit = ''): ReportRow => ({ measure, value, unit });
  return [
    row('workflows of two activities', workflows),
    row('  lost, or with a history that is wrong', violations.length),
    row(
      'most workers',
      most(({ workers }) => workers),
    ),
    row('workers at the end', samples.at(-1)?.workers ?? 0),
    row('workers that were told to end, and ended with 0', exitCodes.length - disorderly),
    row('activities that one of them handed back', handedBack),
    row(
      'largest backlog',
      most(({ backlog }) => backlog),
      'activities',
    ),
    row(
      'longest wait of the oldest',
      most(({ oldestMs }) => oldestMs),
      'ms',
    ),
    row('oldest at the end', samples.at(-1)?.oldestMs ?? 0, 'ms'),
    row('duration', (samples.at(-1)?.atMs ?? 0) / 1_000, 's'),
  ];
}
