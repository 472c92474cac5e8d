import { takeOver, WORKERS_GROUP } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import type { Duty } from './duty.js';

/** How often abandoned tasks are looked for. */
const PERIOD_MS = 5_000;
/** A task that was read this long ago and not started counts as abandoned. */
const ABANDONED_MS = 10_000;
/** A poller that has not asked for this long, and holds nothing, is forgotten. */
const FORGET_POLLER_MS = 10 * 60_000;
/** A sticky queue whose worker has not asked for this long is removed; its executions go back to their normal queues. */
const STICKY_GONE_MS = 60_000;
const STREAMS_PER_CALL = 100;
const ENTRIES_PER_STREAM = 100;
const CONSUMER = 'take-over';

/** Puts tasks that were read by a poller that died before starting them back on their streams. */
export class TakeOver implements Duty {
  readonly name: string;

  constructor(
    private readonly context: EngineContext,
    private readonly partition: number,
  ) {
    this.name = `take-over of partition ${partition}`;
  }

  async turn(): Promise<number> {
    const { redis, keys, logger } = this.context;
    const registry = keys.partition(this.partition).streams;
    const streams = await redis.smembers(registry);
    for (let from = 0; from < streams.length; from += STREAMS_PER_CALL) {
      const batch = streams.slice(from, from + STREAMS_PER_CALL);
      const replies = await takeOver(this.context.run, {
        streamKeys: batch,
        group: WORKERS_GROUP,
        consumer: CONSUMER,
        idleMs: ABANDONED_MS,
        forgetMs: FORGET_POLLER_MS,
        most: ENTRIES_PER_STREAM,
      });
      for (const [i, [taken, quietestMs]] of replies.entries()) {
        const stream = batch[i] as string;
        if (taken > 0) logger.info({ stream, taken }, 'took over tasks that their poller did not start');
        if (keys.isSticky(stream) && (quietestMs < 0 || quietestMs > STICKY_GONE_MS)) {
          logger.info({ stream, quietestMs }, 'removed the sticky queue of a worker that is gone');
          await redis.multi().unlink(stream).srem(registry, stream).exec();
        }
      }
    }
    return PERIOD_MS;
  }
}
