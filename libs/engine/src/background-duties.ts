import type { EngineContext } from './engine-context.js';
import { DutyRunner } from './duties/duty.js';
import { Outbox } from './duties/outbox.js';
import { TakeOver } from './duties/take-over.js';
import { TimerPump } from './duties/timer-pump.js';
import { VersionDrainage } from './duties/version-drainage.js';
import { partitionSubject } from './notices.js';

/** How the background duties go about their work. */
export interface DutyOptions {
  /** How long a worker version counts as draining at least. Default 120 s, the longest workflow task. */
  readonly versionDrainageGraceMs?: number | undefined;
}

/** The engine's work in the background: timers, take-over of abandoned tasks, outbox. Any number of processes may do it. */
export class BackgroundDuties {
  private constructor(
    private readonly runners: readonly DutyRunner[],
    private readonly silence: readonly (() => void)[],
  ) {}

  static async start(context: EngineContext, options: DutyOptions = {}): Promise<BackgroundDuties> {
    await context.notices.start();
    const runners: DutyRunner[] = [];
    const silence: (() => void)[] = [];
    const drainage = new DutyRunner(
      new VersionDrainage(context, options.versionDrainageGraceMs),
      context.logger,
    );
    runners.push(drainage);
    for (let partition = 0; partition < context.keys.partitions; partition++) {
      const timers = new DutyRunner(new TimerPump(context, partition), context.logger);
      const outbox = new DutyRunner(new Outbox(context, partition, context.identity), context.logger);
      runners.push(timers, outbox, new DutyRunner(new TakeOver(context, partition), context.logger));
      silence.push(
        context.notices.listen(partitionSubject(partition), (notice) => {
          if (notice.kind === 'timer') timers.wake();
          if (notice.kind === 'outbox') outbox.wake();
          if (notice.kind === 'deployments' && partition === 0) drainage.wake();
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
