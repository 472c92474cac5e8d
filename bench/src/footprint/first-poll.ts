import { BenchDeployment } from '../deployment.js';
import type { BenchOptions } from '../options.js';
import { median } from '../statistics.js';
import type { FootprintRow } from './footprint.js';

/** Milliseconds from `Worker.create` to the first blocking read, each time in a new process. */
export async function measureFirstPoll(options: BenchOptions): Promise<readonly FootprintRow[]> {
  const deployment = await BenchDeployment.start(options);
  const measureStart = async (isBundledBefore: boolean): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      const worker = deployment.addWorker();
      const { redisUrl } = deployment;
      times.push(await worker.call('start', { redisUrl, taskQueues: ['bench'], isBundledBefore }));
      await worker.kill();
    }
    return median(times);
  };
  try {
    return [
      {
        measure: 'Worker.create to first poll, workflows bundled at start',
        value: await measureStart(false),
        unit: 'ms',
      },
      {
        measure: 'Worker.create to first poll, workflows bundled before',
        value: await measureStart(true),
        unit: 'ms',
      },
    ];
  } finally {
    await deployment.stop();
  }
}
