import type { Logger } from '@tidewheel/common';
import { WORKER_RATE_PERIOD_MS } from '@tidewheel/engine';
import type { Engine } from '@tidewheel/engine';
import { PacedRoom } from '@tidewheel/polling';
import type { TaskRoom, TaskSlots } from '@tidewheel/polling';

/** What the rates of a worker are made of. */
interface ActivityRatesOptions {
  readonly engine: Engine;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly identity: string;
  readonly slots: TaskSlots<never>;
  /** Of this worker. */
  readonly maxActivitiesPerSecond: number | undefined;
  /** Of all workers of the queue. */
  readonly maxTaskQueueActivitiesPerSecond: number | undefined;
  readonly logger: Logger;
}

/** How fast a worker may start activities: its own rate, and the one that it asks for its task queue. */
export class ActivityRates {
  /** What may be read: the slots, but no faster than the worker's own rate. */
  readonly room: TaskRoom;
  private readonly paced: PacedRoom | undefined;
  private saying: NodeJS.Timeout | undefined;

  constructor(private readonly options: ActivityRatesOptions) {
    const { slots, maxActivitiesPerSecond: perSecond, engine } = options;
    if (perSecond !== undefined) {
      // With a permit for each stream they are read all at once, and an idle worker need not take turns with them.
      const burst = Math.max(engine.context.keys.partitions, perSecond / 4);
      this.paced = new PacedRoom(slots, { perSecond, burst });
    }
    this.room = this.paced ?? slots;
  }

  /** Asks for the queue's rate, before the first poll, and again and again. */
  async start(): Promise<void> {
    if (this.options.maxTaskQueueActivitiesPerSecond === undefined) return;
    await this.say();
    this.saying = setInterval(() => {
      this.say().catch((error: unknown) => {
        this.options.logger.warn('the rate of the task queue could not be kept', { error: String(error) });
      });
    }, WORKER_RATE_PERIOD_MS).unref();
  }

  stop(): void {
    clearInterval(this.saying);
    this.paced?.stop();
    const { engine, namespace, taskQueue } = this.options;
    engine.context.workerRates.forget(engine.context, { namespace, taskQueue });
  }

  /** Takes a slot for an activity that comes without a poll; false when there is none, or no permit. */
  tryTake(): boolean {
    const { paced } = this;
    if (paced && !paced.tryTake()) return false;
    if (this.options.slots.tryTake()) return true;
    paced?.giveBack(1);
    return false;
  }

  /** Gives back slots of activities that were not started after all. */
  giveBack(count: number): void {
    this.paced?.giveBack(count);
    for (let i = 0; i < count; i++) this.options.slots.release();
  }

  private async say(): Promise<void> {
    const { engine, namespace, taskQueue, identity, maxTaskQueueActivitiesPerSecond } = this.options;
    if (maxTaskQueueActivitiesPerSecond === undefined) return;
    await engine.context.workerRates.say(engine.context, {
      namespace,
      taskQueue,
      identity,
      maxTasksPerSecond: maxTaskQueueActivitiesPerSecond,
    });
  }
}
