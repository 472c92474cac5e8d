import type { Engine } from '@tidewheel/engine';
import type { Redis } from '@tidewheel/store';
import type { Logger } from '@tidewheel/telemetry';
import { Queue, Worker } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';

/** What {@link startRetention} takes. */
interface RetentionOptions {
  readonly engine: Pick<Engine, 'deleteExpiredExecutions'>;
  /** Opens a connection of its own. */
  readonly connect: (name: string) => Redis;
  /** First part of every Redis key. */
  readonly keyPrefix: string;
  readonly intervalMs: number;
  /** Executions deleted at a time. */
  readonly batch: number;
  readonly logger: Logger;
}

/** Housekeeping that is going on. */
export interface Housekeeping {
  /** Resolves when the run under way is over. */
  stop(): Promise<void>;
}

const QUEUE = 'retention';
/** Finished runs that are kept to look at. */
const KEPT_RUNS = 10;

/**
 * Deletes closed executions whose retention has passed, on a schedule that BullMQ keeps in Redis: every process upserts
 * the same schedule, and each run of it is done by one of them. A run deletes batch after batch until nothing is left.
 */
export function startRetention(options: RetentionOptions): Housekeeping {
  const { logger, connect, intervalMs } = options;
  // One hash tag, so that all keys of the queue are in one slot.
  const prefix = `{${options.keyPrefix}:housekeeping}`;
  const connections = [connect('housekeeping-queue'), connect('housekeeping-worker')] as const;
  const telemetry = new BullMQOtel({ tracerName: 'tidewheel-housekeeping' });
  const queue = new Queue(QUEUE, { connection: connections[0], prefix, telemetry });
  const stopping = new AbortController();
  const worker = new Worker(QUEUE, () => deleteExpired(options, stopping.signal), {
    connection: connections[1],
    prefix,
    telemetry,
  });

  const upsert = async (): Promise<void> => {
    await queue.upsertJobScheduler(
      QUEUE,
      { every: intervalMs },
      { name: QUEUE, opts: { removeOnComplete: KEPT_RUNS, removeOnFail: KEPT_RUNS } },
    );
  };
  const tell = (error: unknown): void => logger.debug({ err: error }, 'housekeeping: Redis failed; retrying');
  queue.on('error', tell);
  worker.on('error', tell);
  worker.on('failed', (_job, error) => {
    logger.warn({ err: error }, 'housekeeping: deleting expired executions failed; the next run goes on');
  });
  // Again after every reconnection, because a server that came back may have lost the schedule.
  connections[0].on('ready', () => void upsert().catch(tell));
  if (connections[0].status === 'ready') void upsert().catch(tell);

  return {
    async stop() {
      stopping.abort();
      await Promise.allSettled([worker.close(), queue.close()]);
      for (const connection of connections) connection.disconnect();
    },
  };
}

async function deleteExpired(options: RetentionOptions, stopping: AbortSignal): Promise<number> {
  const { engine, batch, logger } = options;
  let total = 0;
  while (!stopping.aborted) {
    const deleted = await engine.deleteExpiredExecutions(batch);
    total += deleted;
    if (deleted < batch) break;
  }
  if (total > 0) logger.info({ deleted: total }, 'housekeeping: deleted executions past their retention');
  return total;
}
