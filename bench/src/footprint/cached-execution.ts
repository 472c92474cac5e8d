import { waitUntil } from '@tidewheel/testing';
import { BenchDeployment } from '../deployment.js';
import type { BenchOptions } from '../options.js';
import type { ReportRow } from '../reports.js';

/** Cached before the first look at the heap, so that what is made once is not counted. */
const BASE_COUNT = 500;
const MEASURED_COUNT = 3_000;
const TASK_QUEUE = 'bench';

/** Heap of an execution that waits for a signal, on the workflow thread and on the main thread of the worker. */
export async function measureCachedExecution(options: BenchOptions): Promise<readonly ReportRow[]> {
  const deployment = await BenchDeployment.start(options);
  try {
    const worker = deployment.addWorker();
    await worker.call('start', {
      redisUrl: deployment.redisUrl,
      taskQueues: [TASK_QUEUE],
      maxCachedWorkflows: 2 * (BASE_COUNT + MEASURED_COUNT),
    });
    const client = await deployment.addClient();
    const heapsWith = async (added: number, total: number) => {
      await client.call('start', { workflowType: 'waitForRelease', taskQueue: TASK_QUEUE, count: added });
      await waitUntil(async () => (await worker.call('cachedWorkflows')) === total, {
        what: `${total} cached executions`,
      });
      return worker.call('heaps');
    };
    const before = await heapsWith(BASE_COUNT, BASE_COUNT);
    const after = await heapsWith(MEASURED_COUNT, BASE_COUNT + MEASURED_COUNT);
    const bytesEach = (then: number, now: number) => (now - then) / MEASURED_COUNT;
    return [
      {
        measure: 'heap of a cached execution, workflow thread',
        value: bytesEach(before.threadBytes, after.threadBytes),
        unit: 'bytes',
      },
      {
        measure: 'heap of a cached execution, main thread',
        value: bytesEach(before.mainBytes, after.mainBytes),
        unit: 'bytes',
      },
      {
        measure: `heap of a worker with ${BASE_COUNT} of them, both threads`,
        value: (before.threadBytes + before.mainBytes) / 2 ** 20,
        unit: 'MiB',
      },
    ];
  } finally {
    await deployment.stop();
  }
}
