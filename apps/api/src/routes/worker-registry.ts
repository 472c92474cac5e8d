import { formatDuration } from '@tidewheel/core';
import { SLOT_KINDS } from '@tidewheel/engine';
import type { WorkerInfo, WorkerPollers, WorkerSlots } from '@tidewheel/engine';
import type { RouteAnswer, ROUTES } from '@tidewheel/protocol';
import { toTimestamp } from '@tidewheel/protocol';
import type { Handlers } from '../http/mount.js';

type WorkerJson = RouteAnswer<typeof ROUTES.describeWorker>;
type SlotsJson = NonNullable<WorkerJson['workflowTaskSlotsInfo']>;
type PollersJson = NonNullable<WorkerJson['workflowPollerInfo']>;

/** Answers who works, and what they do. */
export const workerRegistryHandlers: Pick<Handlers, 'listWorkers' | 'countWorkers' | 'describeWorker'> = {
  async listWorkers({ params: { namespace }, query }, { ask }) {
    const { workers, nextPageToken } = await ask((engine) => engine.listWorkers({ namespace, ...query }));
    return { workers: workers.map(workerToJson), ...(nextPageToken !== undefined && { nextPageToken }) };
  },

  async countWorkers({ params: { namespace }, query }, { ask }) {
    return { count: await ask((engine) => engine.countWorkers({ namespace, ...query })) };
  },

  async describeWorker({ params: { namespace, workerInstanceKey } }, { ask }) {
    return workerToJson(await ask((engine) => engine.describeWorker(namespace, workerInstanceKey)));
  },
};

function workerToJson(worker: WorkerInfo): WorkerJson {
  const { hostInfo, kinds, stickyCache: cache, stickyPollers, deploymentVersion, plugins } = worker;
  return {
    workerInstanceKey: worker.workerInstanceKey,
    workerIdentity: worker.workerIdentity,
    namespace: worker.namespace,
    taskQueue: worker.taskQueue,
    ...(worker.transport && { transport: worker.transport }),
    status: worker.status,
    hostInfo: {
      hostName: hostInfo.hostName,
      processId: hostInfo.processId,
      ...(hostInfo.workerGroupingKey !== undefined && { workerGroupingKey: hostInfo.workerGroupingKey }),
      ...(hostInfo.cpuUsage !== undefined && { currentHostCpuUsage: hostInfo.cpuUsage }),
      ...(hostInfo.memoryUsage !== undefined && { currentHostMemUsage: hostInfo.memoryUsage }),
    },
    sdkName: worker.sdkName,
    sdkVersion: worker.sdkVersion,
    ...(deploymentVersion && { deploymentVersion }),
    startTime: toTimestamp(worker.startTimeMs),
    heartbeatTime: toTimestamp(worker.heartbeatTimeMs),
    elapsedSinceLastHeartbeat: formatDuration(worker.elapsedSinceLastHeartbeatMs),
    timeLag: formatDuration(worker.timeLagMs),
    kinds: SLOT_KINDS.filter((kind) => kinds[kind] !== undefined),
    ...(kinds.workflow?.types && { workflowTypes: [...kinds.workflow.types] }),
    ...(kinds.activity?.types && { activityTypes: [...kinds.activity.types] }),
    ...(kinds.workflow?.slots && { workflowTaskSlotsInfo: slotsToJson(kinds.workflow.slots) }),
    ...(kinds.activity?.slots && { activityTaskSlotsInfo: slotsToJson(kinds.activity.slots) }),
    ...(kinds.nexus?.slots && { nexusTaskSlotsInfo: slotsToJson(kinds.nexus.slots) }),
    ...(kinds.localActivity?.slots && { localActivitySlotsInfo: slotsToJson(kinds.localActivity.slots) }),
    ...(kinds.workflow?.pollers && { workflowPollerInfo: pollersToJson(kinds.workflow.pollers) }),
    ...(stickyPollers && { workflowStickyPollerInfo: pollersToJson(stickyPollers) }),
    ...(kinds.activity?.pollers && { activityPollerInfo: pollersToJson(kinds.activity.pollers) }),
    ...(kinds.nexus?.pollers && { nexusPollerInfo: pollersToJson(kinds.nexus.pollers) }),
    ...(cache && {
      currentStickyCacheSize: cache.size,
      totalStickyCacheHit: cache.hits,
      totalStickyCacheMiss: cache.misses,
      totalStickyCacheEviction: cache.evictions,
    }),
    ...(plugins && { plugins: [...plugins] }),
  };
}

function slotsToJson(slots: WorkerSlots): SlotsJson {
  return {
    ...(slots.available !== undefined && { currentAvailableSlots: slots.available }),
    currentUsedSlots: slots.used,
    slotSupplierKind: slots.supplierKind,
    totalProcessedTasks: slots.processed,
    totalFailedTasks: slots.failed,
    lastIntervalProcessedTasks: slots.lastIntervalProcessed,
    lastIntervalFailureTasks: slots.lastIntervalFailed,
  };
}

function pollersToJson({ current, lastSuccessfulPollTimeMs, autoscaling }: WorkerPollers): PollersJson {
  return {
    currentPollers: current,
    ...(lastSuccessfulPollTimeMs !== undefined && {
      lastSuccessfulPollTime: toTimestamp(lastSuccessfulPollTimeMs),
    }),
    isAutoscaling: autoscaling,
  };
}
