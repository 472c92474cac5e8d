import type { TaskQueueDescription, TaskQueueRates, TaskQueueStats, WorkerInfo } from '@tidewheel/engine';
import type { MethodTable } from '../call-context.js';
import { rateLimitSource, taskQueueType } from '../convert/enums.js';
import { durationToProto, timestampToProto } from '../convert/time.js';
import type { GatewayContext } from '../gateway-context.js';
import { invalidArgument } from '../errors.js';
import type { RequestOf, ResponseOf } from '../proto.js';
import { api, int64 } from '../proto.js';
import { given, refuseUnsupported, requireText } from './request-fields.js';

const ENHANCED = api.enums.v1.DescribeTaskQueueMode.DESCRIBE_TASK_QUEUE_MODE_ENHANCED;

const VERSIONED = api.enums.v1.WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED;

type Description = ResponseOf<'DescribeTaskQueue'>;

export function taskQueueMethods({ engine }: GatewayContext): MethodTable {
  return {
    async DescribeTaskQueue(request) {
      const namespace = requireText('namespace', request.namespace);
      const name = requireText('task_queue.name', request.taskQueue?.name);
      const described = await engine.describeTaskQueue(namespace, name);
      if (request.apiMode === ENHANCED) return { versionsInfo: { '': byType(described) } };
      const isActivity = taskQueueType.fromProto(request.taskQueueType) === 'ACTIVITY';
      const kind = isActivity ? described.activity : described.workflow;
      return {
        pollers: pollers(kind),
        stats: request.reportStats ? stats(kind) : null,
        config: request.reportConfig ? config(kind.rates) : null,
        effectiveRateLimit: effectiveRateLimit(kind.rates),
        taskQueueStatus: request.includeTaskQueueStatus ? { backlogCountHint: int64(kind.backlog) } : null,
      };
    },

    async UpdateTaskQueueConfig(request) {
      refuseUnsupported({
        update_fairness_key_rate_limit_default: request.updateFairnessKeyRateLimitDefault,
        set_fairness_weight_overrides: Object.keys(request.setFairnessWeightOverrides ?? {}),
        unset_fairness_weight_overrides: request.unsetFairnessWeightOverrides,
      });
      const type = taskQueueType.fromProto(request.taskQueueType);
      if (!type) throw invalidArgument('task_queue_type', 'must be set');
      const rates = await engine.updateTaskQueueConfig({
        namespace: requireText('namespace', request.namespace),
        taskQueue: requireText('task_queue', request.taskQueue),
        taskQueueType: type === 'ACTIVITY' ? 'activity' : 'workflow',
        identity: given(request.identity),
        updateQueueRateLimit: rateLimitUpdate(request),
      });
      return { config: config(rates) };
    },
  };
}

/** Zero is a rate: it lets no task through. */
function rateLimitUpdate({ updateQueueRateLimit: update }: RequestOf<'UpdateTaskQueueConfig'>) {
  if (!update) return undefined;
  const { rateLimit, reason } = update;
  return {
    ...(rateLimit && { rateLimit: { requestsPerSecond: ofFloat(rateLimit.requestsPerSecond ?? 0) } }),
    reason: reason ?? '',
  };
}

/** A number of 32 bits as it was meant: 0.1 and not 0.10000000149. */
function ofFloat(value: number): number {
  return Number(value.toPrecision(7));
}

function config({ queueRateLimit }: TaskQueueRates): NonNullable<Description['config']> {
  if (!queueRateLimit) return {};
  const { requestsPerSecond, reason, updateIdentity, updateTimeMs } = queueRateLimit;
  return {
    queueRateLimit: {
      rateLimit: { requestsPerSecond },
      metadata: { reason, updateIdentity, updateTime: timestampToProto(updateTimeMs) },
    },
  };
}

function effectiveRateLimit({
  effectiveRateLimit: { requestsPerSecond, source },
}: TaskQueueRates): NonNullable<Description['effectiveRateLimit']> {
  return { requestsPerSecond, rateLimitSource: rateLimitSource.toProto(source) };
}

/** The form for queues whose workers have versions; here they have none, which is the version without a name. */
function byType({
  workflow,
  activity,
}: TaskQueueDescription): NonNullable<Description['versionsInfo']>[string] {
  return {
    typesInfo: {
      [taskQueueType.toProto('WORKFLOW')]: { pollers: pollers(workflow), stats: stats(workflow) },
      [taskQueueType.toProto('ACTIVITY')]: { pollers: pollers(activity), stats: stats(activity) },
    },
  };
}

function pollers(kind: TaskQueueStats): NonNullable<Description['pollers']> {
  return kind.pollers.map(({ identity, lastAccessTimeMs, workers }) => ({
    identity,
    lastAccessTime: timestampToProto(lastAccessTimeMs),
    deploymentOptions: deploymentOf(workers),
  }));
}

/** The version of the workers behind a poller; they are of one process, which has one as a rule. */
function deploymentOf(
  workers: readonly WorkerInfo[],
): NonNullable<NonNullable<Description['pollers']>[number]['deploymentOptions']> | null {
  const version = workers.find(({ deploymentVersion }) => deploymentVersion)?.deploymentVersion;
  return version ? { ...version, workerVersioningMode: VERSIONED } : null;
}

function stats(kind: TaskQueueStats): NonNullable<Description['stats']> {
  return {
    approximateBacklogCount: int64(kind.backlog),
    approximateBacklogAge: durationToProto(kind.oldestMs),
  };
}
