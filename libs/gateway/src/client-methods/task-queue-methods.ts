import type { TaskQueueDescription, TaskQueueStats } from '@tidewheel/engine';
import type { MethodTable } from '../call-context.js';
import { taskQueueType } from '../convert/enums.js';
import { durationToProto, timestampToProto } from '../convert/time.js';
import type { GatewayContext } from '../gateway-context.js';
import type { ResponseOf } from '../proto.js';
import { api, int64 } from '../proto.js';
import { requireText } from './request-fields.js';

const ENHANCED = api.enums.v1.DescribeTaskQueueMode.DESCRIBE_TASK_QUEUE_MODE_ENHANCED;

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
        taskQueueStatus: request.includeTaskQueueStatus ? { backlogCountHint: int64(kind.backlog) } : null,
      };
    },
  };
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
  return kind.pollers.map(({ identity, lastAccessTimeMs }) => ({
    identity,
    lastAccessTime: timestampToProto(lastAccessTimeMs),
  }));
}

function stats(kind: TaskQueueStats): NonNullable<Description['stats']> {
  return {
    approximateBacklogCount: int64(kind.backlog),
    approximateBacklogAge: durationToProto(kind.oldestMs),
  };
}
