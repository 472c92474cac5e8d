import type { KindScaling, TaskQueueScaling, WorkflowService } from '@tidewheel/engine';

/** Task queues with workers that are asked for at most, those of the first namespaces by name first; and as many others. */
const MAX_ASKED = 100;
/** Task queues that are remembered at most. */
const MAX_REMEMBERED = 1_000;

type QueueEngine = Pick<
  WorkflowService,
  'listNamespaces' | 'scaleTaskQueue' | 'scaleTaskQueues' | 'listPolledTaskQueues'
>;
type QueueName = Pick<TaskQueueScaling, 'namespace' | 'taskQueue'>;

/** A task queue with the numbers of each kind of task that it has had workers for, or tasks of. */
interface ShownQueue extends QueueName {
  readonly workflow: KindScaling | undefined;
  readonly activity: KindScaling | undefined;
}

/**
 * The task queues whose numbers are shown: those with workers, and those that had some before, or whose streams were there
 * when the process first looked. Tasks of these may wait for nobody.
 */
export class ShownQueues {
  /** By their names; those that had workers last come last. */
  private queues: Map<string, ShownQueue> | undefined;

  /** Asks how they are. */
  async look(engine: QueueEngine): Promise<readonly ShownQueue[]> {
    const namespaces = (await engine.listNamespaces()).map(({ name }) => name).sort();
    this.queues ??= await polledBefore(engine);
    const served: TaskQueueScaling[] = [];
    for (const name of namespaces) {
      if (served.length >= MAX_ASKED) break;
      served.push(...(await engine.scaleTaskQueues(name, MAX_ASKED - served.length)));
    }
    const isServed = new Set(served.map(keyOf));
    const left = [...this.queues.values()].filter(
      (queue) => !isServed.has(keyOf(queue)) && namespaces.includes(queue.namespace),
    );
    const unserved = await Promise.all(
      left.slice(-MAX_ASKED).map(({ namespace, taskQueue }) => engine.scaleTaskQueue(namespace, taskQueue)),
    );
    const known = this.queues;
    const shown = [...unserved, ...served].map((scaling) => shownOf(scaling, known.get(keyOf(scaling))));
    const remembered = [...left.slice(0, -MAX_ASKED), ...shown].slice(-MAX_REMEMBERED);
    this.queues = new Map(remembered.map((queue) => [keyOf(queue), queue]));
    return shown;
  }
}

async function polledBefore(engine: QueueEngine): Promise<Map<string, ShownQueue>> {
  const names = (await engine.listPolledTaskQueues()).slice(0, MAX_REMEMBERED);
  return new Map(names.map((name) => [keyOf(name), { ...name, workflow: undefined, activity: undefined }]));
}

function shownOf(
  { namespace, taskQueue, workflow, activity }: TaskQueueScaling,
  known: ShownQueue | undefined,
): ShownQueue {
  const isShown = ({ pollers, backlog }: KindScaling): boolean => pollers > 0 || backlog > 0;
  return {
    namespace,
    taskQueue,
    workflow: known?.workflow || isShown(workflow) ? workflow : undefined,
    activity: known?.activity || isShown(activity) ? activity : undefined,
  };
}

function keyOf({ namespace, taskQueue }: QueueName): string {
  return JSON.stringify([namespace, taskQueue]);
}
