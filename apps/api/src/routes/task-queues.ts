import { formatDuration } from '@tidewheel/core';
import type { KindScaling, TaskQueueRates, TaskQueueStats, WorkerInfo } from '@tidewheel/engine';
import type { RouteAnswer, ROUTES } from '@tidewheel/protocol';
import { toTimestamp } from '@tidewheel/protocol';
import type { Handlers } from '../http/mount.js';

type StatsJson = RouteAnswer<typeof ROUTES.describeTaskQueue>['workflow'];
type RatesJson = RouteAnswer<typeof ROUTES.updateTaskQueueConfig>;
type PollerWorkerJson = StatsJson['pollers'][number]['workers'][number];
type ScalingJson = RouteAnswer<typeof ROUTES.scaleTaskQueue>['workflow'];

/** Answers everything about task queues. */
export const taskQueueHandlers: Pick<
  Handlers,
  'describeTaskQueue' | 'scaleTaskQueue' | 'updateTaskQueueConfig'
> = {
  async describeTaskQueue({ params }, { ask }) {
    const { namespace, taskQueue } = params;
    const description = await ask((engine) => engine.describeTaskQueue(namespace, taskQueue));
    return {
      namespace,
      taskQueue,
      workflow: statsToJson(description.workflow, 'workflow'),
      activity: statsToJson(description.activity, 'activity'),
    };
  },

  async scaleTaskQueue({ params: { namespace, taskQueue }, query }, { ask }) {
    const { desired, workflow, activity } = await ask((engine) =>
      engine.scaleTaskQueue(namespace, taskQueue, query),
    );
    return {
      namespace,
      taskQueue,
      desired,
      workflow: scalingToJson(workflow),
      activity: scalingToJson(activity),
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

type TaskKind = 'workflow' | 'activity';

function statsToJson(stats: TaskQueueStats, kind: TaskKind): StatsJson {
  return {
    backlog: stats.backlog,
    oldest: formatDuration(stats.oldestMs),
    pollers: stats.pollers.map(({ identity, lastAccessTimeMs, workers }) => ({
      identity,
      lastAccessTime: toTimestamp(lastAccessTimeMs),
      workers: workers.map((worker) => pollerWorkerToJson(worker, kind)),
    })),
    registrationMismatches: stats.registrationMismatches.map(({ lacking, ...mismatch }) => ({
      ...mismatch,
      lacking: [...lacking],
    })),
    ...ratesToJson(stats.rates),
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

function pollerWorkerToJson(worker: WorkerInfo, kind: TaskKind): PollerWorkerJson {
  const { workerInstanceKey, deploymentVersion, sdkName, sdkVersion } = worker;
  const slots = worker.kinds[kind]?.slots;
  const seconds = worker.elapsedSinceLastHeartbeatMs / 1_000;
  return {
    workerInstanceKey,
    ...(deploymentVersion && { deploymentVersion }),
    sdkName,
    sdkVersion,
    ...(slots && { currentUsedSlots: slots.used }),
    ...(slots?.available !== undefined && { currentAvailableSlots: slots.available }),
    ...(slots && seconds > 0 && { lastIntervalTasksPerSecond: slots.lastIntervalProcessed / seconds }),
  };
}

function scalingToJson({ versions, ...scaling }: KindScaling): ScalingJson {
  return { ...scaling, versions: [...versions] };
}
