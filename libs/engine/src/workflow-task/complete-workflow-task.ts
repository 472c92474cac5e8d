import { encodeEventBody } from '@tidewheel/codec';
import {
  DEFAULTS,
  EVENT_TYPE_CODES,
  EXECUTION_STATUS_CODES,
  eventTypeFromCode,
  LIMITS,
} from '@tidewheel/core';
import type { BodyAttributes } from '@tidewheel/codec';
import type {
  Command,
  CommandOf,
  EventAttributes,
  EventType,
  SdkMetadata,
  VersioningBehavior,
  WorkerDeploymentVersion,
  WorkerVersion,
  WorkflowTaskFailedCause,
} from '@tidewheel/core';
import { parseRoute, pinnedRoute, unpinnedRoute } from '@tidewheel/routing';
import { completeWorkflowTask as completeScript } from '@tidewheel/store';
import type { ScriptArgument } from '@tidewheel/store';
import { activityTaskOfCommand } from '../activity-task/activity-task.js';
import type { ActivityTask } from '../activity-task/activity-task.js';
import { brokenHistoryLimit } from '../history-limits.js';
import type { EngineContext } from '../engine-context.js';
import type { ClosedStatus } from '../engine-metrics.js';
import { routeStreams } from '../engine-context.js';
import { encodeOutboxMessage } from '../outbox-message.js';
import { failRun, terminateRun } from '../terminate-workflow.js';
import { isTarget, activityStreamName } from '../worker-deployments/stream-names.js';
import { formatBehavior } from '../worker-deployments/stored-versioning.js';
import { activityIdOf } from './activity-id.js';
import { failWorkflowTask, timeOutWorkflowTask } from './end-workflow-task.js';
import { planCompletion } from './plan-completion.js';
import { startedBody } from './start-workflow-tasks.js';
import type { WorkflowTask } from './workflow-task.js';

/** What a worker made of a workflow task. */
export interface WorkflowTaskCompletion {
  readonly commands: readonly Command[];
  readonly identity: string;
  /** The process that does what is started by this, by its number; left out: its end tells nothing about that. */
  readonly worker?: number;
  /** The queue on which the worker that caches the execution wants its next tasks. */
  readonly sticky?: { readonly queue: string; readonly timeoutMs: number } | undefined;
  /** Whether the worker does the next workflow task at once, should there be one. */
  readonly startNext?: boolean;
  /**
   * Whether there has to be a next workflow task: the workflow has more to do than fits into one. Tasks without commands
   * may go on like this for half an hour; then the task times out.
   */
  readonly forceNext?: boolean;
  readonly sdkMetadata?: SdkMetadata | undefined;
  /** Which build the worker is: written into the history. */
  readonly workerVersion?: WorkerVersion | undefined;
  /** Of a worker that lets its tasks be chosen by its version: the version, and how the workflow goes along with others. */
  readonly versioning?:
    { readonly version: WorkerDeploymentVersion; readonly behavior: VersioningBehavior } | undefined;
  /** Decides, command by command, which activities the worker starts at once. */
  readonly startsEagerly?: (command: CommandOf<'ScheduleActivityTask'>) => boolean;
}

/** What became of a completion. */
export type WorkflowTaskCompletionOutcome =
  | {
      readonly kind: 'completed';
      /** Activities that the worker has started by this. */
      readonly activities: readonly ActivityTask[];
      /** The next workflow task, started. */
      readonly next?: WorkflowTask;
    }
  /** The task timed out, was reported before, or the run is closed: the worker forgets the execution. */
  | { readonly kind: 'notFound' }
  /** The workflow wanted to close without having seen all events; the task failed and comes again. */
  | { readonly kind: 'unhandledCommand' }
  /** A command was not sound; the task failed, or the run was ended when it could never succeed. */
  | { readonly kind: 'rejected'; readonly message: string };

/** Ends a workflow task with the workflow's commands. */
export async function completeWorkflowTask(
  context: EngineContext,
  task: WorkflowTask,
  completion: WorkflowTaskCompletion,
): Promise<WorkflowTaskCompletionOutcome> {
  return complete(context, task, completion, false);
}

/** @param overridden whether something overrides the worker's behaviour, so that the run stays where it is */
async function complete(
  context: EngineContext,
  task: WorkflowTask,
  completion: WorkflowTaskCompletion,
  overridden: boolean,
): Promise<WorkflowTaskCompletionOutcome> {
  const { run, stamp, taskQueue } = task;
  const believed = task.route ?? taskQueue;
  const versioning = versioningOf(context, task, completion, overridden);
  const route = versioning.route === '' ? believed : versioning.route;
  const plan = await planCompletion(context, task, completion.commands);
  if (!plan.sound) {
    const { fault } = plan;
    const message = `command ${fault.index + 1} (${completion.commands[fault.index]?.commandType}): ${fault.message}`;
    const ended = fault.terminates
      ? await terminateRun(context, run, { reason: message, identity: completion.identity }, { task: stamp })
      : await failWorkflowTask(context, run, believed, stamp, {
          cause: fault.cause,
          failure: { message, source: 'Server' },
          identity: completion.identity,
        });
    return ended ? { kind: 'rejected', message } : { kind: 'notFound' };
  }

  const operations = await encodeOperations(context, task, completion, plan, route);
  const partition = context.keys.partition(run.partition);
  const sticky = completion.sticky?.queue ?? '';
  const reply = await completeScript(context.run, {
    executionKey: run.execution,
    historyKey: run.history,
    bufferKey: run.buffer,
    timersKey: partition.timers,
    runningKey: context.keys.running(run.partition, run.namespace),
    closedKey: context.keys.closed(run.partition, run.namespace),
    notifyKey: partition.notify,
    requestsKey: run.requests,
    detailsKey: run.details,
    outboxKey: partition.outbox,
    ...routeStreams(context, run, { taskQueue: route, sticky }),
    activityStreamKeys:
      versioning.route === '' ? operations.streams : [...versioning.keys, ...operations.streams],
    member: run.member,
    runMember: run.runMember,
    runId: run.runId,
    scheduledId: stamp.scheduledEventId,
    startedId: stamp.startedEventId,
    attempt: stamp.attempt,
    taskQueue: believed,
    startedBody: startedBody(completion.identity),
    completedBody: encodeEventBody('WorkflowTaskCompleted', {
      scheduledEventId: stamp.scheduledEventId,
      startedEventId: stamp.startedEventId,
      ...(completion.sdkMetadata && { sdkMetadata: completion.sdkMetadata }),
      ...versioning.eventFields,
    }),
    worker: completion.worker ?? 0,
    sticky,
    stickyTimeoutMs: completion.sticky?.timeoutMs ?? 0,
    startNew: completion.startNext ? '1' : '',
    forceNew: completion.forceNext ? String(DEFAULTS.workflowTaskHeartbeatMs) : '',
    route: versioning.route,
    behaviour: versioning.behaviour,
    revision: versioning.revision,
    ops: operations.arguments,
  });
  const isApplied = reply[0] === 1 || reply[0] === 5;
  if (isApplied && operations.closes) context.metrics.runClosed(run.namespace, operations.closes);
  switch (reply[0]) {
    case 0:
      return { kind: 'notFound' };
    case -1:
      return complete(context, { ...task, route: reply[1].toString() }, completion, overridden);
    case 9:
      return complete(context, task, completion, true);
    case 2: {
      const failed = await failWorkflowTask(context, run, route, stamp, {
        cause: 'UNHANDLED_COMMAND',
        identity: completion.identity,
      });
      return { kind: failed ? 'unhandledCommand' : 'notFound' };
    }
    case 3:
    case 4:
      return refuse(context, task, completion, plan.commands[reply[1]]?.command, reply[0] === 4);
    case 5:
      // The completion was applied before, and its reply lost: what it started is started.
      return { kind: 'completed', activities: operations.eager };
    case 6:
      // It was prolonged for too long: it ends like one whose worker says nothing any more.
      await timeOutWorkflowTask(context, run, route, stamp, 'START_TO_CLOSE', false);
      return { kind: 'notFound' };
    case 7: {
      const message = brokenHistoryLimit(reply[1], reply[2]);
      const failed = await failRun(context, run, message, 'HistoryLimitExceeded', stamp);
      return failed ? { kind: 'rejected', message } : { kind: 'notFound' };
    }
    case 8: {
      const { cause, message } = pendingLimit(eventTypeFromCode(reply[1]));
      const failed = await failWorkflowTask(context, run, route, stamp, {
        cause,
        failure: { message, source: 'Server' },
        identity: completion.identity,
      });
      return failed ? { kind: 'rejected', message } : { kind: 'notFound' };
    }
    case 1: {
      const [
        ,
        nowMs,
        startedEventId,
        scheduledMs,
        firstEventId,
        events,
        historyLength,
        previousStartedEventId,
      ] = reply;
      const activities = operations.eager.map((activity) => ({
        ...activity,
        scheduledMs: nowMs,
        attemptScheduledMs: nowMs,
        startedMs: nowMs,
        closeByMs: activity.scheduleToCloseTimeoutMs > 0 ? nowMs + activity.scheduleToCloseTimeoutMs : 0,
      }));
      if (startedEventId === 0) return { kind: 'completed', activities };
      const next: WorkflowTask = {
        ...task,
        ...(versioning.route !== '' && { route }),
        stamp: { scheduledEventId: startedEventId - 1, startedEventId, attempt: 1 },
        previousStartedEventId,
        scheduledMs,
        startedMs: nowMs,
        firstEventId,
        events,
        historyLength,
        queries: [],
      };
      return { kind: 'completed', activities, next };
    }
  }
}

/** What a completion says of worker versions; with an empty route, nothing. */
interface CompletionVersioning {
  /** Where the run's tasks go from now on. */
  readonly route: string;
  readonly behaviour: string;
  /** Of the routing by which this worker does the run's unpinned tasks; 0 when it does not. */
  readonly revision: number;
  readonly keys: readonly string[];
  readonly eventFields: Pick<
    EventAttributes['WorkflowTaskCompleted'],
    'workerVersion' | 'versioningBehavior'
  >;
}

function versioningOf(
  context: EngineContext,
  task: WorkflowTask,
  { versioning, workerVersion }: WorkflowTaskCompletion,
  overridden: boolean,
): CompletionVersioning {
  const { run, taskQueue } = task;
  const believed = task.route ?? taskQueue;
  const { kind } = parseRoute(believed);
  const eventFields = {
    ...(workerVersion && { workerVersion }),
    ...(versioning && {
      workerVersion: { ...workerVersion, ...versioning.version, useVersioning: true },
      versioningBehavior: versioning.behavior,
    }),
  };
  if (!versioning && kind === 'unversioned') {
    return { route: '', behaviour: '', revision: 0, keys: [], eventFields };
  }
  const view = context.deployments.seen(run.namespace);
  let route = believed;
  if (!overridden) {
    if (!versioning) route = kind === 'pinned' ? believed : taskQueue;
    else if (versioning.behavior === 'PINNED') route = pinnedRoute(taskQueue, versioning.version);
    else route = unpinnedRoute(taskQueue);
  }
  return {
    route,
    behaviour: versioning ? formatBehavior(versioning.behavior, versioning.version) : '',
    revision: isTarget(view, taskQueue, run.workflowId, versioning?.version) ? view.revision : 0,
    keys: [
      context.keys.routingRevision(run.partition, run.namespace),
      context.keys.pinnedCounts(run.partition, run.namespace),
    ],
    eventFields,
  };
}

/** Which limit of what may be pending at once commands of one kind would have broken. */
function pendingLimit(eventType: EventType | undefined): {
  readonly cause: WorkflowTaskFailedCause;
  readonly message: string;
} {
  switch (eventType) {
    case 'SignalExternalWorkflowExecutionInitiated':
      return {
        cause: 'PENDING_SIGNALS_LIMIT_EXCEEDED',
        message: `more than ${LIMITS.pendingSignals} signals to other executions would be pending`,
      };
    case 'RequestCancelExternalWorkflowExecutionInitiated':
      return {
        cause: 'PENDING_REQUEST_CANCEL_LIMIT_EXCEEDED',
        message: `more than ${LIMITS.pendingCancelRequests} cancel requests to other executions would be pending`,
      };
    default:
      return {
        cause: 'PENDING_ACTIVITIES_LIMIT_EXCEEDED',
        message: `more than ${LIMITS.pendingActivities} activities would be pending`,
      };
  }
}

/** A command that names a timer or activity that is not pending, or one that is already. */
async function refuse(
  context: EngineContext,
  task: WorkflowTask,
  completion: WorkflowTaskCompletion,
  command: Command | undefined,
  duplicate: boolean,
): Promise<WorkflowTaskCompletionOutcome> {
  const type = command?.commandType;
  const cause = duplicate
    ? type === 'StartTimer'
      ? 'START_TIMER_DUPLICATE_ID'
      : 'SCHEDULE_ACTIVITY_DUPLICATE_ID'
    : type === 'CancelTimer'
      ? 'BAD_CANCEL_TIMER_ATTRIBUTES'
      : 'BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES';
  const message = duplicate ? `${type}: its id is pending already` : `${type}: nothing of that id is pending`;
  const failed = await failWorkflowTask(context, task.run, task.route ?? task.taskQueue, task.stamp, {
    cause,
    failure: { message, source: 'Server' },
    identity: completion.identity,
  });
  return failed ? { kind: 'rejected', message } : { kind: 'notFound' };
}

type SoundPlan = Extract<Awaited<ReturnType<typeof planCompletion>>, { sound: true }>;

interface EncodedOperations {
  readonly arguments: readonly ScriptArgument[];
  readonly streams: readonly string[];
  readonly eager: readonly ActivityTask[];
  /** How the run ends by them; undefined when it goes on. */
  readonly closes: ClosedStatus | undefined;
}

const CLOSING: { readonly [T in EventType]?: ClosedStatus } = {
  WorkflowExecutionCompleted: 'COMPLETED',
  WorkflowExecutionFailed: 'FAILED',
  WorkflowExecutionCanceled: 'CANCELED',
};

/** Whether the worker starts an activity at once. Those of a queue with a dispatch rate wait for a permit on their stream. */
function startsAtOnce(
  context: EngineContext,
  { startsEagerly }: WorkflowTaskCompletion,
  command: CommandOf<'ScheduleActivityTask'>,
  { run, taskQueue }: ActivityTask,
): boolean | Promise<boolean> {
  if (!startsEagerly) return false;
  const limited = context.rateLimits.isLimited({ namespace: run.namespace, taskQueue });
  if (typeof limited === 'boolean') return !limited && startsEagerly(command);
  return limited.then((isLimited) => !isLimited && startsEagerly(command));
}

/** The operations of completeWorkflowTask.lua for the planned commands. */
async function encodeOperations(
  context: EngineContext,
  task: WorkflowTask,
  completion: WorkflowTaskCompletion,
  { commands, propertyChanges }: SoundPlan,
  route: string,
): Promise<EncodedOperations> {
  const args: ScriptArgument[] = [];
  const close: ScriptArgument[] = [];
  const streams: string[] = [];
  const eager: ActivityTask[] = [];
  const closes = closingStatus(commands);
  for (const planned of commands) {
    const { command, event } = planned;
    const body = encodeEventBody(
      event.eventType,
      event.attributes as BodyAttributes<EventType>,
      event.userMetadata,
    );
    switch (command.commandType) {
      case 'ScheduleActivityTask': {
        const activity = activityTaskOfCommand(task, planned);
        const starts = !closes && (await startsAtOnce(context, completion, command, activity));
        let stream = 0;
        if (starts) eager.push(activity);
        else {
          const key = context.keys.taskStream(
            task.run.partition,
            'activity',
            task.run.namespace,
            await activityStreamName(context, task.run, route, activity.taskQueue),
          );
          stream = streams.indexOf(key) + 1;
          if (stream === 0) stream = streams.push(key);
        }
        args.push(
          'A',
          body,
          activity.activityId,
          activity.scheduleToCloseTimeoutMs,
          activity.scheduleToStartTimeoutMs,
        );
        args.push(activity.startToCloseTimeoutMs, activity.heartbeatTimeoutMs, stream);
        break;
      }
      case 'StartTimer':
        args.push('T', body, command.attributes.timerId, Math.ceil(command.attributes.startToFireTimeoutMs));
        break;
      case 'CancelTimer':
        args.push('C', body, command.attributes.timerId);
        break;
      case 'RequestCancelActivityTask': {
        const { scheduledEventId } = command.attributes;
        const activityId = (await activityIdOf(context, task, commands, scheduledEventId)) ?? '';
        args.push('X', body, activityId, scheduledEventId, Buffer.alloc(0));
        break;
      }
      case 'RequestCancelExternalWorkflowExecution':
      case 'SignalExternalWorkflowExecution':
        args.push('O', EVENT_TYPE_CODES[event.eventType], body, encodeOutboxMessage(event));
        break;
      default: {
        const status = CLOSING[event.eventType];
        const code = EVENT_TYPE_CODES[event.eventType];
        if (status) close.push('Z', code, body, EXECUTION_STATUS_CODES[status]);
        else args.push('E', code, body);
      }
    }
  }
  // Behind all operations that the script may refuse by their number, which is the command's.
  for (const [field, bytes] of propertyChanges) args.push('P', field, bytes);
  args.push(...close);
  return { arguments: args, streams, eager, closes };
}

/** How the run ends by the commands; undefined when it goes on. */
function closingStatus(commands: SoundPlan['commands']): ClosedStatus | undefined {
  for (const { event } of commands) if (CLOSING[event.eventType]) return CLOSING[event.eventType];
  return undefined;
}
