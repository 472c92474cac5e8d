import { forgetAbsent, parseTaskEntry, takeOver, WORKERS_GROUP } from '@tidewheel/store';
import type { ActivityTaskEntry } from '@tidewheel/store';
import { dropUnwantedActivityTasks } from '../activity-task/start-activity-tasks.js';
import type { EngineContext } from '../engine-context.js';
import { killingEntries, quarantineEntry } from '../quarantine/killing-entries.js';
import { forgetReleased } from '../quarantine/quarantined-tasks.js';
import { ABSENT_MS } from './absence.js';
import type { Duty } from './duty.js';

/** How often absent consumers are looked for. */
const PERIOD_MS = 5_000;
/** A task that was read this long ago and not started counts as abandoned; so does what an absent consumer read. */
const ABANDONED_MS = 10_000;
/** A poller that has not asked for this long, and holds nothing, is forgotten. */
const FORGET_POLLER_MS = 10 * 60_000;
/**
 * A sticky queue whose worker has not asked for this long is removed; its executions go back to their normal queues. Other
 * queues may be polled again, but nobody drops meanwhile what is no longer wanted of them, and a host of sessions that has
 * died never comes back.
 */
const GONE_MS = 60_000;
/** All streams are looked at now and then even if nobody is absent, the less often the more there are. */
const MIN_LOOK_PERIOD_MS = 30_000;
const LOOK_PERIOD_PER_STREAM_MS = 10;
const STREAMS_PER_CALL = 100;
const ENTRIES_PER_STREAM = 100;
/** Name under which abandoned entries are taken from their streams, to be put back. */
export const TAKE_OVER_CONSUMER = 'take-over';

/**
 * Puts tasks that were read by a poller that died before starting them back on their streams. Looking for absent pollers
 * costs one command whatever the number of queues; only when one is absent, or rarely, are the streams looked at.
 */
export class TakeOver implements Duty {
  readonly name: string;
  private lookAgainMs = 0;

  constructor(
    private readonly context: EngineContext,
    private readonly partition: number,
  ) {
    this.name = `take-over of partition ${partition}`;
  }

  async turn(): Promise<number> {
    const { run, keys } = this.context;
    const { presence, departed } = keys.partition(this.partition);
    const absent = await forgetAbsent(run, {
      presenceKey: presence,
      departedKey: departed,
      awayMs: ABSENT_MS,
    });
    if (absent > 0 || Date.now() >= this.lookAgainMs) await this.lookAtStreams();
    return PERIOD_MS;
  }

  private async lookAtStreams(): Promise<void> {
    const { redis, keys, logger } = this.context;
    const registry = keys.partition(this.partition).streams;
    const streams = await redis.smembers(registry);
    this.lookAgainMs = Date.now() + Math.max(MIN_LOOK_PERIOD_MS, streams.length * LOOK_PERIOD_PER_STREAM_MS);
    await forgetReleased(this.context, this.partition);
    for (let from = 0; from < streams.length; from += STREAMS_PER_CALL) {
      const batch = streams.slice(from, from + STREAMS_PER_CALL);
      const replies = await takeOver(this.context.run, {
        registryKey: registry,
        presenceKey: keys.partition(this.partition).presence,
        streamKeys: batch,
        group: WORKERS_GROUP,
        consumer: TAKE_OVER_CONSUMER,
        idleMs: ABANDONED_MS,
        absentMs: ABSENT_MS,
        forgetMs: FORGET_POLLER_MS,
        most: ENTRIES_PER_STREAM,
        mostDeliveries: this.context.quarantineAfter,
      });
      for (const [i, [taken, quietestMs, killers, entries]] of replies.entries()) {
        const stream = batch[i] as string;
        for (const entry of killingEntries(killers)) {
          await quarantineEntry(this.context, this.partition, stream, entry);
        }
        if (taken > 0) logger.info({ stream, taken }, 'took over tasks that their poller did not start');
        if (quietestMs >= 0 && quietestMs <= GONE_MS) continue;
        if (keys.isSticky(stream)) {
          logger.info({ stream, quietestMs }, 'removed the sticky queue of a worker that is gone');
          await redis.multi().unlink(stream).srem(registry, stream).exec();
        } else if (entries > 0) {
          await this.dropUnwanted(stream);
        }
      }
    }
  }

  /** Looks at the oldest tasks of a stream. Workflow tasks stay: a workflow waits for its queue to be polled again. */
  private async dropUnwanted(stream: string): Promise<void> {
    const oldest = await this.context.redis.xrange(stream, '-', '+', 'COUNT', ENTRIES_PER_STREAM);
    const tasks = oldest
      .map(parseTaskEntry)
      .filter((task): task is ActivityTaskEntry => task?.kind === 'activityTask');
    await dropUnwantedActivityTasks(this.context, { partition: this.partition, streamKey: stream }, tasks);
  }
}
