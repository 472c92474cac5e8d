import type { KindScaling, TaskQueueScaling, WorkflowService } from '@tidewheel/engine';

/** Task queues with workers that are asked for at most, those of the first namespaces by name first; and as many others. */
const MAX_ASKED = 100;
/** Task queues that are remembered at most. */
const MAX_REMEMBERED = 1_000;

const NOTHING: KindScaling = {
  backlog: 0,
  oldestMs: 0,
  inFlight: 0,
  pollers: 0,
  slots: 0,
  desired: 0,
  versions: [],
  registrationMismatches: 0,
};

type QueueName = Pick<TaskQueueScaling, 'namespace' | 'taskQueue'>;

/** A task queue with the numbers of each kind of task that it has had workers for, or tasks of. */
interface ShownQueue extends QueueName {
  readonly workflow: KindScaling | undefined;
  readonly activity: KindScaling | undefined;
}

/**
 * The task queues whose numbers are shown: those with workers, and those that had some before. Tasks of the latter may wait
 * for nobody; and whoever collects metrics repeats the last value of what is not observed again, workers that have gone
 * among them.
 */
export class ShownQueues {
  /** By their names; those that had workers last come last. */
  private queues = new Map<string, ShownQueue>();

  /** Asks how they are. */
  async look(
    engine: Pick<WorkflowService, 'listNamespaces' | 'scaleTaskQueue' | 'scaleTaskQueues'>,
  ): Promise<readonly ShownQueue[]> {
    const namespaces = (await engine.listNamespaces()).map(({ name }) => name).sort();
    const served: TaskQueueScaling[] = [];
    for (const name of namespaces) {
      if (served.length >= MAX_ASKED) break;
      served.push(...(await engine.scaleTaskQueues(name, MAX_ASKED - served.length)));
    }
    const isServed = new Set(served.map(keyOf));
    const left = [...this.queues.values()].filter((queue) => !isServed.has(keyOf(queue)));
    const asked = left
      .filter(({ namespace }) => namespaces.includes(namespace))
      .reverse()
      .slice(0, MAX_ASKED);
    const unserved = await Promise.all(
      asked.map(({ namespace, taskQueue }) => engine.scaleTaskQueue(namespace, taskQueue)),
    );
    const answers = new Map(unserved.map((scaling) => [keyOf(scaling), scaling]));
    const ended = left.map(
      (queue) => answers.get(keyOf(queue)) ?? { ...queue, workflow: NOTHING, activity: NOTHING },
    );
    const now = [...ended, ...served].slice(-MAX_REMEMBERED);
    this.queues = new Map(now.map((scaling) => [keyOf(scaling), this.shownOf(scaling)]));
    return [...this.queues.values()];
  }

  private shownOf({
    namespace,
    taskQueue,
    workflow,
    activity,
  }: QueueName & Record<'workflow' | 'activity', KindScaling>): ShownQueue {
    const known = this.queues.get(keyOf({ namespace, taskQueue }));
    const isShown = ({ pollers, backlog }: KindScaling): boolean => pollers > 0 || backlog > 0;
    return {
      namespace,
      taskQueue,
      workflow: known?.workflow || isShown(workflow) ? workflow : undefined,
      activity: known?.activity || isShown(activity) ? activity : undefined,
    };
  }
}

function keyOf({ namespace, taskQueue }: QueueName): string {
  return JSON.stringify([namespace, taskQueue]);
}
