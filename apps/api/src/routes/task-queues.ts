import { formatDuration } from '@tidewheel/core';
import type { TaskQueueRates, TaskQueueStats } from '@tidewheel/engine';
import type { RouteAnswer, ROUTES } from '@tidewheel/protocol';
import { toTimestamp } from '@tidewheel/protocol';
import type { Handlers } from '../http/mount.js';

type StatsJson = RouteAnswer<typeof ROUTES.describeTaskQueue>['workflow'];
type RatesJson = RouteAnswer<typeof ROUTES.updateTaskQueueConfig>;

/** Answers everything about task queues. */
export const taskQueueHandlers: Pick<Handlers, 'describeTaskQueue' | 'updateTaskQueueConfig'> = {
  async describeTaskQueue({ params }, { ask }) {
    const { namespace, taskQueue } = params;
    const description = await ask((engine) => engine.describeTaskQueue(namespace, taskQueue));
    return {
      namespace,
      taskQueue,
      workflow: statsToJson(description.workflow),
      activity: statsToJson(description.activity),
    };
  },

  async updateTaskQueueConfig({ params, body }, { ask }) {
    const { identity, taskQueueType = 'ACTIVITY', updateQueueRateLimit } = body;
    const rates = await ask((engine) =>
      engine.updateTaskQueueConfig({
        ...params,
        identity,
        taskQueueType: taskQueueType === 'ACTIVITY' ? 'activity' : 'workflow',
        updateQueueRateLimit,
      }),
    );
    return ratesToJson(rates);
  },
};

function statsToJson({ backlog, oldestMs, pollers, rates }: TaskQueueStats): StatsJson {
  return {
    backlog,
    oldest: formatDuration(oldestMs),
    pollers: pollers.map(({ identity, lastAccessTimeMs }) => ({
      identity,
      lastAccessTime: toTimestamp(lastAccessTimeMs),
    })),
    ...ratesToJson(rates),
  };
}

function ratesToJson({ queueRateLimit, effectiveRateLimit }: TaskQueueRates): RatesJson {
  const { requestsPerSecond, burst, source } = effectiveRateLimit;
  return {
    config: queueRateLimit
      ? {
          queueRateLimit: {
            rateLimit: withBurst(queueRateLimit.requestsPerSecond, queueRateLimit.burst),
            metadata: {
              reason: queueRateLimit.reason,
              updateIdentity: queueRateLimit.updateIdentity,
              updateTime: toTimestamp(queueRateLimit.updateTimeMs),
            },
          },
        }
      : {},
    effectiveRateLimit: { ...withBurst(requestsPerSecond, burst), rateLimitSource: source },
  };
}

function withBurst(
  requestsPerSecond: number,
  burst: number | undefined,
): { readonly requestsPerSecond: number; readonly burst?: number } {
  return { requestsPerSecond, ...(burst !== undefined && { burst }) };
}
