import { queueOfRoute } from '@tidewheel/routing';
import type { EngineContext } from '../engine-context.js';
import type { TaskQueueScaling } from './scale-task-queue.js';

/** A task queue by its names. */
type QueueName = Pick<TaskQueueScaling, 'namespace' | 'taskQueue'>;

/**
 * The task queues of all namespaces that workers poll, polled some minutes ago, or have left with tasks in them. Reads the name of
 * each stream, those of sticky queues among them, so it is to be asked seldom.
 */
export async function listPolledTaskQueues({ redis, keys }: EngineContext): Promise<QueueName[]> {
  const registries = Array.from(
    { length: keys.partitions },
    (_, partition) => keys.partition(partition).streams,
  );
  const streams = await Promise.all(registries.map((registry) => redis.smembers(registry)));
  const queues = new Map<string, QueueName>();
  for (const stream of streams.flat()) {
    const named = keys.queueOfStream(stream);
    if (!named) continue;
    const { namespace } = named;
    const taskQueue = queueOfRoute(named.name);
    queues.set(`${namespace}:${taskQueue}`, { namespace, taskQueue });
  }
  return [...queues.values()];
}
