import type { WorkerHeartbeat, WorkerInfo, WorkerKind, WorkerPollers, WorkerSlots } from '@tidewheel/engine';
import type { P } from '../proto.js';
import { workerStatus } from './enums.js';
import { durationMs, durationToProto, optionalTimestamp, timestampMs, timestampToProto } from './time.js';

/** What stands for a number of slots that is not known. */
const UNKNOWN = -1;

/** What a worker says of itself, as the registry has it. It does not say what it has registered. */
export function heartbeatFromProto(heartbeat: P.WorkerHeartbeat): WorkerHeartbeat {
  const { hostInfo, deploymentVersion: version, plugins } = heartbeat;
  const nowMs = Date.now();
  return {
    workerInstanceKey: heartbeat.workerInstanceKey ?? '',
    workerIdentity: heartbeat.workerIdentity ?? '',
    taskQueue: heartbeat.taskQueue ?? '',
    transport: 'GRPC',
    hostInfo: {
      hostName: hostInfo?.hostName ?? '',
      processId: hostInfo?.processId ?? '',
      workerGroupingKey: hostInfo?.workerGroupingKey || undefined,
      cpuUsage: hostInfo?.currentHostCpuUsage ?? undefined,
      memoryUsage: hostInfo?.currentHostMemUsage ?? undefined,
    },
    sdkName: heartbeat.sdkName ?? '',
    sdkVersion: heartbeat.sdkVersion ?? '',
    deploymentVersion:
      version?.buildId || version?.deploymentName
        ? { deploymentName: version.deploymentName ?? '', buildId: version.buildId ?? '' }
        : undefined,
    status: workerStatus.fromProto(heartbeat.status) ?? 'RUNNING',
    startTimeMs: timestampMs(heartbeat.startTime) ?? nowMs,
    heartbeatTimeMs: timestampMs(heartbeat.heartbeatTime) ?? nowMs,
    elapsedSinceLastHeartbeatMs: durationMs(heartbeat.elapsedSinceLastHeartbeat),
    kinds: {
      workflow: kindFromProto(heartbeat.workflowTaskSlotsInfo, heartbeat.workflowPollerInfo),
      activity: kindFromProto(heartbeat.activityTaskSlotsInfo, heartbeat.activityPollerInfo),
      nexus: kindFromProto(heartbeat.nexusTaskSlotsInfo, heartbeat.nexusPollerInfo),
      localActivity: kindFromProto(heartbeat.localActivitySlotsInfo, undefined),
    },
    stickyPollers: pollersFromProto(heartbeat.workflowStickyPollerInfo),
    stickyCache: {
      size: heartbeat.currentStickyCacheSize ?? 0,
      hits: heartbeat.totalStickyCacheHit ?? 0,
      misses: heartbeat.totalStickyCacheMiss ?? 0,
      evictions: 0,
    },
    plugins: plugins?.map(({ name, version: itsVersion }) => ({
      name: name ?? '',
      version: itsVersion ?? '',
    })),
  };
}

function kindFromProto(
  slots: P.WorkerSlotsInfo | null | undefined,
  pollers: P.WorkerPollerInfo | null | undefined,
): WorkerKind | undefined {
  if (!slots && !pollers) return undefined;
  return {
    slots: slots
      ? {
          available: knownCount(slots.currentAvailableSlots ?? 0),
          used: slots.currentUsedSlots ?? 0,
          supplierKind: slots.slotSupplierKind ?? '',
          processed: slots.totalProcessedTasks ?? 0,
          failed: slots.totalFailedTasks ?? 0,
          lastIntervalProcessed: slots.lastIntervalProcessedTasks ?? 0,
          lastIntervalFailed: slots.lastIntervalFailureTasks ?? 0,
        }
      : undefined,
    pollers: pollersFromProto(pollers),
  };
}

function knownCount(count: number): number | undefined {
  return count === UNKNOWN ? undefined : count;
}

function pollersFromProto(pollers: P.WorkerPollerInfo | null | undefined): WorkerPollers | undefined {
  return pollers
    ? {
        current: pollers.currentPollers ?? 0,
        lastSuccessfulPollTimeMs: timestampMs(pollers.lastSuccessfulPollTime),
        autoscaling: pollers.isAutoscaling ?? false,
      }
    : undefined;
}

/** All that is known of a worker. */
export function heartbeatToProto(worker: WorkerInfo): P.WorkerHeartbeat {
  const { hostInfo, kinds, stickyCache } = worker;
  return {
    workerInstanceKey: worker.workerInstanceKey,
    workerIdentity: worker.workerIdentity,
    hostInfo: {
      hostName: hostInfo.hostName,
      processId: hostInfo.processId,
      workerGroupingKey: hostInfo.workerGroupingKey ?? '',
      currentHostCpuUsage: hostInfo.cpuUsage ?? 0,
      currentHostMemUsage: hostInfo.memoryUsage ?? 0,
    },
    taskQueue: worker.taskQueue,
    deploymentVersion: worker.deploymentVersion ?? null,
    sdkName: worker.sdkName,
    sdkVersion: worker.sdkVersion,
    status: workerStatus.toProto(worker.status),
    startTime: timestampToProto(worker.startTimeMs),
    heartbeatTime: timestampToProto(worker.heartbeatTimeMs),
    elapsedSinceLastHeartbeat: durationToProto(worker.elapsedSinceLastHeartbeatMs),
    workflowTaskSlotsInfo: slotsToProto(kinds.workflow?.slots),
    activityTaskSlotsInfo: slotsToProto(kinds.activity?.slots),
    nexusTaskSlotsInfo: slotsToProto(kinds.nexus?.slots),
    localActivitySlotsInfo: slotsToProto(kinds.localActivity?.slots),
    workflowPollerInfo: pollersToProto(kinds.workflow?.pollers),
    workflowStickyPollerInfo: pollersToProto(worker.stickyPollers),
    activityPollerInfo: pollersToProto(kinds.activity?.pollers),
    nexusPollerInfo: pollersToProto(kinds.nexus?.pollers),
    totalStickyCacheHit: stickyCache?.hits ?? 0,
    totalStickyCacheMiss: stickyCache?.misses ?? 0,
    currentStickyCacheSize: stickyCache?.size ?? 0,
    plugins: worker.plugins?.map((plugin) => ({ ...plugin })) ?? [],
  };
}

/** What a list shows of a worker. */
export function workerListInfo(worker: WorkerInfo): P.WorkerListInfo {
  const { hostInfo } = worker;
  return {
    workerInstanceKey: worker.workerInstanceKey,
    workerIdentity: worker.workerIdentity,
    taskQueue: worker.taskQueue,
    deploymentVersion: worker.deploymentVersion ?? null,
    sdkName: worker.sdkName,
    sdkVersion: worker.sdkVersion,
    status: workerStatus.toProto(worker.status),
    startTime: timestampToProto(worker.startTimeMs),
    hostName: hostInfo.hostName,
    workerGroupingKey: hostInfo.workerGroupingKey ?? '',
    processId: hostInfo.processId,
    plugins: worker.plugins?.map((plugin) => ({ ...plugin })) ?? [],
  };
}

function slotsToProto(slots: WorkerSlots | undefined): P.WorkerSlotsInfo | null {
  if (!slots) return null;
  return {
    currentAvailableSlots: slots.available ?? UNKNOWN,
    currentUsedSlots: slots.used,
    slotSupplierKind: slots.supplierKind,
    totalProcessedTasks: slots.processed,
    totalFailedTasks: slots.failed,
    lastIntervalProcessedTasks: slots.lastIntervalProcessed,
    lastIntervalFailureTasks: slots.lastIntervalFailed,
  };
}

function pollersToProto(pollers: WorkerPollers | undefined): P.WorkerPollerInfo | null {
  if (!pollers) return null;
  return {
    currentPollers: pollers.current,
    lastSuccessfulPollTime: optionalTimestamp(pollers.lastSuccessfulPollTimeMs),
    isAutoscaling: pollers.autoscaling,
  };
}
