import type { KindScaling, WorkflowService } from '@tidewheel/engine';
import { observeMetrics, TASK_QUEUE_METRICS } from '@tidewheel/telemetry';
import type { EngineGate } from './engine-gate.js';

/** Task queues shown at most, those of the first namespaces by name first. */
const MAX_QUEUES = 100;
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

type Scalings = Awaited<ReturnType<WorkflowService['scaleTaskQueues']>>;

/**
 * Lets the registered meter ask for the task queues that have workers whenever metrics are collected. While Redis is away
 * they are left out.
 *
 * @returns ends it
 */
export function observeTaskQueues(gate: Pick<EngineGate, 'call'>): () => void {
  let collected: Promise<Scalings> | undefined;
  let collectedMs = 0;
  const collect = (): Promise<Scalings> => {
    if (!collected || Date.now() - collectedMs > FRESH_MS) {
      collectedMs = Date.now();
      collected = gate.call(readScalings).catch(() => []);
    }
    return collected;
  };
  return observeMetrics(TASK_QUEUE_METRICS, async (observe) => {
    for (const scaling of await collect()) {
      for (const kind of ['workflow', 'activity'] as const) {
        const attributes = { namespace: scaling.namespace, task_queue: scaling.taskQueue, kind };
        if (scaling[kind].pollers === 0 && scaling[kind].backlog === 0) continue;
        for (const key of Object.keys(READS) as Key[]) observe(key, READS[key](scaling[kind]), attributes);
      }
    }
  });
}

async function readScalings(engine: WorkflowService): Promise<Scalings> {
  const names = (await engine.listNamespaces()).map(({ name }) => name).sort();
  const scalings: Scalings = [];
  for (const name of names) {
    if (scalings.length >= MAX_QUEUES) break;
    scalings.push(...(await engine.scaleTaskQueues(name, MAX_QUEUES - scalings.length)));
  }
  return scalings;
}
