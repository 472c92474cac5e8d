import { BenchDeployment } from '../deployment.js';
import type { BenchOptions } from '../options.js';
import { median } from '../statistics.js';
import type { ReportRow } from '../reports.js';

/** Milliseconds from `Worker.create` to the first blocking read, each time in a new process. */
export async function measureFirstPoll(options: BenchOptions): Promise<readonly ReportRow[]> {
  const deployment = await BenchDeployment.start(options);
  const measureStart = async (isBundledBefore: boolean): Promise<number> => {
    const worker = deployment.addWorker();
    const { redisUrl } = deployment;
    const elapsedMs = await worker.call('start', { redisUrl, taskQueues: ['bench'], isBundledBefore });
    await worker.kill();
    return elapsedMs;
  };
  try {
    const bundledAtStart: number[] = [];
    const bundledBefore: number[] = [];
    // In turns, so that what else the machine does meets both alike.
    for (let round = 0; round < options.rounds; round++) {
      bundledAtStart.push(await measureStart(false));
      bundledBefore.push(await measureStart(true));
    }
    return [
      {
        measure: 'Worker.create to first poll, workflows bundled at start',
        value: median(bundledAtStart),
        unit: 'ms',
      },
      {
        measure: 'Worker.create to first poll, workflows bundled before',
        value: median(bundledBefore),
        unit: 'ms',
      },
    ];
  } finally {
    await deployment.stop();
  }
}
