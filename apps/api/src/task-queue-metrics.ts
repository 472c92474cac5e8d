import { metrics } from '@opentelemetry/api';
import type { BatchObservableResult, MetricOptions } from '@opentelemetry/api';
import type { KindScaling, WorkflowService } from '@tidewheel/engine';
import { METER_NAME } from '@tidewheel/telemetry';
import type { EngineGate } from './engine-gate.js';

interface TaskQueueMetric extends MetricOptions {
  readonly name: string;
  readonly read: (scaling: KindScaling) => number;
}

/** Task queues shown at most, those of the first namespaces by name first. */
const MAX_QUEUES = 100;
/** What is collected is shown for this long, however often it is asked for. */
const FRESH_MS = 5_000;

/** Every metric of task queues that have workers. Attributes: `namespace`, `task_queue`, `kind`. */
const TASK_QUEUE_METRICS: readonly TaskQueueMetric[] = [
  {
    name: 'tidewheel_task_queue_backlog',
    description: 'Tasks that wait and were not started.',
    read: ({ backlog }) => backlog,
  },
  {
    name: 'tidewheel_task_queue_oldest_seconds',
    description: 'Age of the oldest task that waits; 0 when none does.',
    read: ({ oldestMs }) => oldestMs / 1_000,
  },
  {
    name: 'tidewheel_task_queue_in_flight',
    description: 'Tasks that are being run, as the workers last said.',
    read: ({ inFlight }) => inFlight,
  },
  {
    name: 'tidewheel_task_queue_pollers',
    description: 'Workers that take such tasks.',
    read: ({ pollers }) => pollers,
  },
  {
    name: 'tidewheel_task_queue_slots',
    description: 'Tasks that the workers can run at once.',
    read: ({ slots }) => slots,
  },
  {
    name: 'tidewheel_task_queue_desired_workers',
    description: 'Workers that are wanted, at one task for each slot.',
    read: ({ desired }) => desired,
  },
  {
    name: 'tidewheel_task_queue_registration_mismatches',
    description: 'Registrations that are not those of the other workers of a version; 0 when all agree.',
    read: ({ registrationMismatches }) => registrationMismatches,
  },
];

type Scalings = Awaited<ReturnType<WorkflowService['scaleTaskQueues']>>;

/**
 * Lets the registered meter ask for the task queues that have workers whenever metrics are collected. While Redis is away
 * they are left out.
 *
 * @returns ends it
 */
export function observeTaskQueues(gate: Pick<EngineGate, 'call'>): () => void {
  const meter = metrics.getMeter(METER_NAME);
  const observed = TASK_QUEUE_METRICS.map((metric) => ({
    metric,
    instrument: meter.createObservableGauge(metric.name, metric),
  }));
  const instruments = observed.map(({ instrument }) => instrument);
  let collected: Promise<Scalings> | undefined;
  let collectedMs = 0;
  const collect = (): Promise<Scalings> => {
    if (!collected || Date.now() - collectedMs > FRESH_MS) {
      collectedMs = Date.now();
      collected = gate.call(readScalings).catch(() => []);
    }
    return collected;
  };
  const observe = async (result: BatchObservableResult): Promise<void> => {
    for (const scaling of await collect()) {
      for (const kind of ['workflow', 'activity'] as const) {
        const attributes = { namespace: scaling.namespace, task_queue: scaling.taskQueue, kind };
        if (scaling[kind].pollers === 0 && scaling[kind].backlog === 0) continue;
        for (const { metric, instrument } of observed) {
          result.observe(instrument, metric.read(scaling[kind]), attributes);
        }
      }
    }
  };
  meter.addBatchObservableCallback(observe, instruments);
  return () => meter.removeBatchObservableCallback(observe, instruments);
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
