import type { EngineContext } from './engine-context.js';
import { DutyRunner } from './duties/duty.js';
import { Outbox } from './duties/outbox.js';
import { TakeOver } from './duties/take-over.js';
import { TimerPump } from './duties/timer-pump.js';
import { partitionSubject } from './notices.js';

/** The engine's work in the background: timers, take-over of abandoned tasks, outbox. Any number of processes may do it. */
export class BackgroundDuties {
  private constructor(
    private readonly runners: readonly DutyRunner[],
    private readonly silence: readonly (() => void)[],
  ) {}

  static async start(context: EngineContext): Promise<BackgroundDuties> {
    await context.notices.start();
    const runners: DutyRunner[] = [];
    const silence: (() => void)[] = [];
    for (let partition = 0; partition < context.keys.partitions; partition++) {
      const timers = new DutyRunner(new TimerPump(context, partition), context.logger);
      const outbox = new DutyRunner(new Outbox(context, partition, context.identity), context.logger);
      runners.push(timers, outbox, new DutyRunner(new TakeOver(context, partition), context.logger));
      silence.push(
        context.notices.listen(partitionSubject(partition), (notice) => {
          if (notice.kind === 'timer') timers.wake();
          if (notice.kind === 'outbox') outbox.wake();
        }),
      );
    }
    return new BackgroundDuties(runners, silence);
  }

  /** Resolves when the turns under way are over. */
  async stop(): Promise<void> {
    for (const stopListening of this.silence) stopListening();
    await Promise.all(this.runners.map((runner) => runner.stop()));
  }
}
