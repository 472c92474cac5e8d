import { status } from '@grpc/grpc-js';
import { DEFAULTS, identifierFault, UnhandledCommandError, WorkflowTaskNotFoundError } from '@tidewheel/core';
import type { Command, QueryAnswer, SdkMetadata } from '@tidewheel/core';
import {
  answerQuery,
  completeWorkflowTask,
  failWorkflowTask,
  returnActivity,
  returnWorkflowTask,
} from '@tidewheel/engine';
import type { ActivityTask, EngineContext, WorkflowTask, WorkflowTaskCompletion } from '@tidewheel/engine';
import { decodeQueryTaskToken, decodeWorkflowTaskToken, workflowTaskOf } from '@tidewheel/remote-polling';
import type { CallContext, MethodTable } from '../call-context.js';
import { BadCommand, commandFromProto } from '../convert/command.js';
import { queryResultType, versioningBehavior, workflowTaskFailedCause } from '../convert/enums.js';
import { failureFromProto } from '../convert/failure.js';
import { payloadsFromProto } from '../convert/payload.js';
import { durationMs } from '../convert/time.js';
import { versionOfWorker } from '../convert/versioning.js';
import { workerVersionFromProto } from '../convert/worker-version.js';
import { GatewayError, invalidArgument } from '../errors.js';
import type { P, RequestOf, ResponseOf } from '../proto.js';
import { readToken } from './read-token.js';
import { activityTaskResponse } from './activity-task-response.js';
import type { WorkerMethodsContext } from './index.js';
import { workflowTaskResponse } from './workflow-task-response.js';

type WorkflowTaskReports = Pick<
  MethodTable,
  'RespondWorkflowTaskCompleted' | 'RespondWorkflowTaskFailed' | 'RespondQueryTaskCompleted'
>;

type Completed = RequestOf<'RespondWorkflowTaskCompleted'>;

/** Handlers of what workers report on workflow tasks and queries. */
export function workflowTaskReports({ engine, logger }: WorkerMethodsContext): WorkflowTaskReports {
  const { context } = engine;

  /** Gives back what the worker was to start at once, since it has gone. */
  async function giveBack(
    activities: readonly ActivityTask[],
    next: WorkflowTask | undefined,
  ): Promise<void> {
    try {
      await Promise.all([
        ...activities.map((activity) => returnActivity(context, activity)),
        next && returnWorkflowTask(context, next.run, next.taskQueue, next.stamp, next.queries),
      ]);
    } catch (error) {
      logger.warn('tasks whose worker has gone could not be given back', { error: String(error) });
    }
  }

  async function complete(
    request: Completed,
    call: CallContext,
  ): Promise<ResponseOf<'RespondWorkflowTaskCompleted'>> {
    if (request.intermediatePage || (request.messages ?? []).length > 0) {
      throw new GatewayError(
        status.UNIMPLEMENTED,
        'completions in pages, and messages of workflow updates, are not supported',
      );
    }
    const token = await readToken(context, request, decodeWorkflowTaskToken);
    const task = workflowTaskOf(context, token);
    const identity = request.identity ?? '';
    const commands = await convertCommands(context, task, request, identity);
    const sticky = stickyOf(request);
    const versioning = versioningOf(request);
    const outcome = await completeWorkflowTask(context, task, {
      commands,
      identity,
      sticky,
      startNext: sticky !== undefined && request.returnNewWorkflowTask === true,
      forceNext: request.forceCreateNewWorkflowTask === true,
      sdkMetadata: sdkMetadataOf(request),
      workerVersion: workerVersionFromProto(request),
      versioning,
      startsEagerly: ({ attributes }) =>
        attributes.requestEagerExecution === true &&
        (attributes.taskQueue === undefined || attributes.taskQueue === task.taskQueue),
    });
    switch (outcome.kind) {
      case 'notFound':
        throw new WorkflowTaskNotFoundError();
      case 'unhandledCommand':
        throw new UnhandledCommandError();
      case 'rejected':
        throw new GatewayError(status.INVALID_ARGUMENT, outcome.message);
      case 'completed': {
        const { activities, next } = outcome;
        try {
          await answerQueries(context, task, request);
          const workflowTask =
            next && (await workflowTaskResponse(context, next, { workflowType: token.workflowType }));
          const activityTasks = activities.map((activity) =>
            activityTaskResponse({ ...activity, sticky: sticky?.queue ?? '' }, token.workflowType),
          );
          if (!call.cancelled) return { ...(workflowTask && { workflowTask }), activityTasks };
        } catch (error) {
          await giveBack(activities, next);
          throw error;
        }
        await giveBack(activities, next);
        return {};
      }
    }
  }

  return {
    RespondWorkflowTaskCompleted: complete,

    async RespondWorkflowTaskFailed(request) {
      const token = await readToken(context, request, decodeWorkflowTaskToken);
      const { run, stamp, taskQueue } = workflowTaskOf(context, token);
      const failed = await failWorkflowTask(context, run, taskQueue, stamp, {
        cause: workflowTaskFailedCause.fromProto(request.cause) ?? 'UNSPECIFIED',
        ...(request.failure && { failure: failureFromProto(request.failure) }),
        identity: request.identity ?? '',
      });
      if (!failed) throw new WorkflowTaskNotFoundError();
      return {};
    },

    async RespondQueryTaskCompleted(request) {
      const token = await readToken(context, request, decodeQueryTaskToken);
      const answer = queryAnswer({
        resultType: request.completedType,
        answer: request.queryResult,
        errorMessage: request.errorMessage,
        failure: request.failure,
      });
      if (!(await answerQuery(context, token.partition, token.queryId, answer))) {
        throw new GatewayError(status.NOT_FOUND, 'query task not found, or already expired');
      }
      return {};
    },
  };
}

/** The version of the worker, and how its workflow goes along with others; undefined for an unversioned one. */
function versioningOf(request: Completed): WorkflowTaskCompletion['versioning'] {
  const version = versionOfWorker(request.deploymentOptions);
  if (!version) return undefined;
  const behavior = versioningBehavior.fromProto(request.versioningBehavior);
  if (behavior) return { version, behavior };
  throw invalidArgument('versioning_behavior', 'must be set by a worker that uses versioning');
}

/** The commands in our terms; one that has none fails the workflow task. */
async function convertCommands(
  context: EngineContext,
  task: WorkflowTask,
  request: Completed,
  identity: string,
): Promise<Command[]> {
  try {
    return (request.commands ?? []).map(commandFromProto);
  } catch (error) {
    if (!(error instanceof BadCommand)) throw error;
    const failed = await failWorkflowTask(context, task.run, task.taskQueue, task.stamp, {
      cause: error.cause,
      failure: { message: error.message, source: 'Server' },
      identity,
    });
    if (!failed) throw new WorkflowTaskNotFoundError();
    throw new GatewayError(status.INVALID_ARGUMENT, error.message);
  }
}

/** The queue on which the worker wants the execution's next tasks; undefined when it does not keep it. */
function stickyOf(request: Completed): { readonly queue: string; readonly timeoutMs: number } | undefined {
  const queue = request.stickyAttributes?.workerTaskQueue?.name;
  if (!queue) return undefined;
  const fault = identifierFault(queue);
  if (fault) throw invalidArgument('sticky_attributes.worker_task_queue.name', fault);
  const timeoutMs = durationMs(request.stickyAttributes?.scheduleToStartTimeout);
  return { queue, timeoutMs: timeoutMs || DEFAULTS.stickyScheduleToStartTimeoutMs };
}

function sdkMetadataOf({ sdkMetadata: given }: Completed): SdkMetadata | undefined {
  if (!given) return undefined;
  const metadata: SdkMetadata = {
    ...(given.coreUsedFlags?.length && { coreUsedFlags: given.coreUsedFlags }),
    ...(given.langUsedFlags?.length && { langUsedFlags: given.langUsedFlags }),
    ...(given.sdkName && { sdkName: given.sdkName }),
    ...(given.sdkVersion && { sdkVersion: given.sdkVersion }),
  };
  return Object.keys(metadata).length > 0 ? metadata : undefined;
}

async function answerQueries(
  context: EngineContext,
  { run }: WorkflowTask,
  request: Completed,
): Promise<void> {
  await Promise.all(
    Object.entries(request.queryResults ?? {}).map(([queryId, result]) =>
      answerQuery(context, run.partition, queryId, queryAnswer(result)),
    ),
  );
}

function queryAnswer(result: {
  readonly resultType?: number | null | undefined;
  readonly answer?: P.Payloads | null | undefined;
  readonly errorMessage?: string | null | undefined;
  readonly failure?: P.Failure | null | undefined;
}): QueryAnswer {
  if (queryResultType.fromProto(result.resultType) === 'ANSWERED') {
    return { answered: true, result: payloadsFromProto(result.answer)[0] };
  }
  const errorMessage = result.errorMessage ?? '';
  return {
    answered: false,
    errorMessage,
    failure: result.failure ? failureFromProto(result.failure) : { message: errorMessage },
  };
}
