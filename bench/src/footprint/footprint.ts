import type { BenchOptions } from '../options.js';
import type { ReportRow } from '../reports.js';
import { measureCachedExecution } from './cached-execution.js';
import { measureFirstPoll } from './first-poll.js';
import { measureInstallSize } from './install-size.js';

/** What a worker takes, apart from load: memory of a cached execution, time to start, disk. */
export async function measureFootprint(
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly ReportRow[]> {
  tell('footprint: heap of cached executions');
  const heap = await measureCachedExecution(options);
  tell('footprint: start of a worker');
  const start = await measureFirstPoll(options);
  tell('footprint: install size');
  return [...heap, ...start, ...(await measureInstallSize())];
}
