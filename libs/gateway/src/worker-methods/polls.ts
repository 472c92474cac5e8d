import { status } from '@grpc/grpc-js';
import { dispatchRateFault, identifierFault, LIMITS } from '@tidewheel/core';
import { forgetSeenWorkers, recordWorkers, resetStickyTaskQueue } from '@tidewheel/engine';
import type { EngineContext } from '@tidewheel/engine';
import type { PolledQueue, PolledTask, TaskHub, WorkerFacts } from '@tidewheel/remote-polling';
import type { CallContext, MethodTable } from '../call-context.js';
import { taskQueueKind } from '../convert/enums.js';
import { versionOfWorker } from '../convert/versioning.js';
import { heartbeatFromProto } from '../convert/worker-heartbeat.js';
import { GatewayError, invalidArgument } from '../errors.js';
import type { RequestOf } from '../proto.js';
import { activityTaskResponse } from './activity-task-response.js';
import type { WorkerMethodsContext } from './index.js';
import { queryTaskResponse, workflowTaskResponse } from './workflow-task-response.js';

/** A poll with less time than this left is refused: it would be answered before it has waited for anything. */
const MIN_POLL_MS = 2_000;
/** How long the tasks of a worker that is shutting down count as being run; it says nothing any more. */
const DRAIN_MS = 30_000;

type PollMethods = Pick<
  MethodTable,
  'PollWorkflowTaskQueue' | 'PollActivityTaskQueue' | 'ShutdownWorker' | 'ResetStickyTaskQueue'
>;

/** Handlers of the long polls, and of the end of a worker's polling. */
export function pollMethods({ engine }: WorkerMethodsContext, hub: TaskHub): PollMethods {
  const { context } = engine;

  /** Waits for a task and makes a response of it. */
  async function polled<Response extends object>(
    queue: PolledQueue,
    request: RequestOf<'PollWorkflowTaskQueue' | 'PollActivityTaskQueue'>,
    call: CallContext,
    respond: (task: PolledTask) => Promise<Response>,
  ): Promise<Response | Record<string, never>> {
    if (call.deadlineMs - Date.now() < MIN_POLL_MS) {
      throw new GatewayError(status.INVALID_ARGUMENT, 'Context timeout is too short.');
    }
    await context.namespaces.require(queue.namespace);
    const poller = {
      identity: request.identity ?? '',
      workerInstanceKey: request.workerInstanceKey ?? '',
      facts: () => factsOf(call),
    };
    return (await hub.deliver(queue, poller, call, respond)) ?? {};
  }

  /** Workers say with every poll how fast all of them together may be given tasks, if they care. */
  async function askForRate(
    { namespace, name: taskQueue }: PolledQueue,
    { taskQueueMetadata, identity }: RequestOf<'PollActivityTaskQueue'>,
  ): Promise<void> {
    const maxTasksPerSecond = taskQueueMetadata?.maxTasksPerSecond?.value;
    if (typeof maxTasksPerSecond !== 'number') return;
    const fault = dispatchRateFault(maxTasksPerSecond, { zeroStops: true });
    if (fault) throw invalidArgument('task_queue_metadata.max_tasks_per_second', fault);
    await context.namespaces.require(namespace);
    await context.workerRates.say(context, {
      namespace,
      taskQueue,
      maxTasksPerSecond,
      identity: identity ?? '',
    });
  }

  return {
    PollWorkflowTaskQueue(request, call) {
      const queue = workflowQueue(request);
      return polled(queue, request, call, async (polledTask) => {
        if (polledTask.kind === 'query') return queryTaskResponse(context, polledTask.task);
        if (polledTask.kind !== 'workflowTask') throw new TypeError('an activity task on a workflow queue');
        const { task, sticky, streamKey } = polledTask;
        const backlog = sticky && !hub.hasWaiting(queue) ? await context.redis.xlen(streamKey) : 0;
        return workflowTaskResponse(context, task, { backlog });
      });
    },

    async PollActivityTaskQueue(request, call) {
      const queue = activityQueue(request);
      await askForRate(queue, request);
      return polled(queue, request, call, (polledTask) => {
        if (polledTask.kind !== 'activityTask') throw new TypeError('a workflow task on an activity queue');
        return Promise.resolve(activityTaskResponse(polledTask.task));
      });
    },

    async ShutdownWorker(request) {
      const { namespace, taskQueue, stickyTaskQueue, workerInstanceKey } = request;
      if (taskQueue) checkQueueName('task_queue', taskQueue);
      if (stickyTaskQueue) checkQueueName('sticky_task_queue', stickyTaskQueue);
      await context.namespaces.require(namespace ?? '');
      if (taskQueue && workerInstanceKey) hub.endPolls(namespace ?? '', taskQueue, workerInstanceKey);
      if (stickyTaskQueue) await hub.dropSticky(namespace ?? '', stickyTaskQueue);
      if (workerInstanceKey) await leaveRegistry(context, request);
      return {};
    },

    async ResetStickyTaskQueue({ namespace, execution }) {
      await resetStickyTaskQueue(context, {
        namespace: namespace ?? '',
        workflowId: execution?.workflowId ?? '',
        runId: execution?.runId ? execution.runId : undefined,
      });
      return {};
    },
  };
}

/** The end of a worker's entry in the registry; while it still runs tasks, they count for a while. */
async function leaveRegistry(context: EngineContext, request: RequestOf<'ShutdownWorker'>): Promise<void> {
  const { namespace, workerInstanceKey, workerHeartbeat } = request;
  const heartbeat = workerHeartbeat ? heartbeatFromProto(workerHeartbeat) : undefined;
  const runsTasks = Object.values(heartbeat?.kinds ?? {}).some((kind) => (kind?.slots?.used ?? 0) > 0);
  if (heartbeat && runsTasks)
    await recordWorkers(context, namespace ?? '', [heartbeat], { validMs: DRAIN_MS });
  else await forgetSeenWorkers(context, namespace ?? '', [workerInstanceKey ?? '']);
}

/** What the headers of a worker's polls tell of it. */
function factsOf({ metadata }: CallContext): WorkerFacts {
  const text = (name: string): string => String(metadata.get(name)[0] ?? '').slice(0, LIMITS.idLength);
  return {
    transport: 'GRPC',
    hostName: '',
    processId: '',
    sdkName: text('client-name'),
    sdkVersion: text('client-version'),
  };
}

type TaskQueueOf<Method extends 'PollWorkflowTaskQueue' | 'PollActivityTaskQueue'> =
  RequestOf<Method>['taskQueue'];

function workflowQueue(request: RequestOf<'PollWorkflowTaskQueue'>): PolledQueue {
  const { taskQueue } = request;
  const name = checkedPoll(request);
  const sticky = taskQueueKind.fromProto(taskQueue?.kind) === 'STICKY';
  return {
    kind: sticky ? 'sticky' : 'workflow',
    namespace: request.namespace ?? '',
    name,
    version: versionOfWorker(request.deploymentOptions),
    normalName: sticky ? (taskQueue?.normalName ?? '') : name,
  };
}

function activityQueue(request: RequestOf<'PollActivityTaskQueue'>): PolledQueue {
  const name = checkedPoll(request);
  const version = versionOfWorker(request.deploymentOptions);
  return { kind: 'activity', namespace: request.namespace ?? '', name, normalName: name, version };
}

/** @throws GatewayError INVALID_ARGUMENT when the queue has no name, or a name or the identity is too long */
function checkedPoll(request: {
  readonly taskQueue?: TaskQueueOf<'PollWorkflowTaskQueue'>;
  readonly identity?: string | null;
}): string {
  const name = request.taskQueue?.name ?? '';
  if (name === '') throw new GatewayError(status.INVALID_ARGUMENT, 'TaskQueue is not set on request.');
  if (name.length > LIMITS.idLength) {
    throw new GatewayError(status.INVALID_ARGUMENT, 'TaskQueue length exceeds limit.');
  }
  if ((request.identity ?? '').length > LIMITS.idLength) {
    throw new GatewayError(status.INVALID_ARGUMENT, 'Identity length exceeds limit.');
  }
  checkQueueName('task_queue.name', name);
  if (request.taskQueue?.normalName) checkQueueName('task_queue.normal_name', request.taskQueue.normalName);
  return name;
}

/** @throws GatewayError INVALID_ARGUMENT naming the field, when the name is no sound one */
function checkQueueName(field: string, name: string): void {
  const fault = identifierFault(name);
  if (fault) throw invalidArgument(field, fault);
}
