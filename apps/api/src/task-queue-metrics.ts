import type { KindScaling } from '@tidewheel/engine';
import { observeMetrics, TASK_QUEUE_METRICS } from '@tidewheel/telemetry';
import type { EngineGate } from './engine-gate.js';
import { ShownQueues } from './shown-queues.js';

/** What is collected is shown for this long, however often it is asked for. */
const FRESH_MS = 5_000;

type Key = keyof typeof TASK_QUEUE_METRICS;

const READS: Readonly<Record<Key, (scaling: KindScaling) => number>> = {
  approximateBacklogCount: ({ backlog }) => backlog,
  approximateBacklogAge: ({ oldestMs }) => oldestMs / 1_000,
  taskQueueInFlight: ({ inFlight }) => inFlight,
  taskQueuePollers: ({ pollers }) => pollers,
  taskQueueSlots: ({ slots }) => slots,
  taskQueueDesiredWorkers: ({ desired }) => desired,
  taskQueueRegistrationMismatches: ({ registrationMismatches }) => registrationMismatches,
};

/**
 * Lets the registered meter ask for the task queues that have workers or had some, as {@link ShownQueues} knows them, whenever
 * metrics are collected. While Redis is away they are left out.
 *
 * @returns ends it
 */
export function observeTaskQueues(gate: Pick<EngineGate, 'call'>): () => void {
  const queues = new ShownQueues();
  let looked: ReturnType<ShownQueues['look']> | undefined;
  let lookedMs = 0;
  return observeMetrics(TASK_QUEUE_METRICS, async (observe) => {
    if (!looked || Date.now() - lookedMs > FRESH_MS) {
      lookedMs = Date.now();
      looked = gate.call((engine) => queues.look(engine)).catch(() => []);
    }
    for (const queue of await looked) {
      for (const kind of ['workflow', 'activity'] as const) {
        const scaling = queue[kind];
        if (!scaling) continue;
        const attributes = { namespace: queue.namespace, task_queue: queue.taskQueue, kind };
        for (const key of Object.keys(READS) as Key[]) observe(key, READS[key](scaling), attributes);
      }
    }
  });
}
