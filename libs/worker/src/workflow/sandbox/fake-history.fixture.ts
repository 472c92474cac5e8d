import { decodeEvents, encodeEvent, packEvents } from '@tidewheel/codec';
import { defaultFailureConverter, defaultPayloadConverter } from '@tidewheel/common';
import type {
  Command,
  CommandOf,
  EventType,
  HistoryEvent,
  HistoryEventOf,
  NewEvent,
  Payloads,
} from '@tidewheel/core';
import type { ActivationRequest, ActivationResult, WorkflowQuery } from '../activation-request.js';
import { bundleSdk } from '../bundle/sdk-bundle.js';
import { bundleWorkflowCode } from '../bundle/workflow-bundle.js';
import { WorkflowSandbox } from './workflow-sandbox.js';

type CompletedResult = Extract<ActivationResult, { kind: 'completed' }>;

const START_MS = 1_795_000_000_000;
const LIMITS = { maxCachedWorkflows: 1_000, maxCachedBytes: 1_000_000_000 };

/** A sandbox in this very thread, with the workflows of a file. */
export async function makeSandbox(workflowsPath: string, limits = LIMITS): Promise<WorkflowSandbox> {
  const { code } = await bundleWorkflowCode({ workflowsPath });
  return new WorkflowSandbox({ sdk: await bundleSdk(), workflows: code }, limits, decodeEvents);
}

function payloadsOf(...values: unknown[]): Payloads {
  return values.map((value) => defaultPayloadConverter.toPayload(value));
}

export function valueOf(payloads: Payloads | undefined): unknown {
  const [payload] = payloads ?? [];
  return payload && defaultPayloadConverter.fromPayload(payload);
}

/** The engine's part in the life of one run, in memory: it turns commands into events and tells what happened. */
export class FakeHistory {
  readonly events: HistoryEvent[] = [];
  private nowMs = START_MS;
  private previousStartedEventId = 0;
  private startedEventId = 0;

  constructor(
    readonly workflowType: string,
    args: readonly unknown[] = [],
    readonly runId = `run-of-${workflowType}`,
  ) {
    this.append({
      eventType: 'WorkflowExecutionStarted',
      attributes: { workflowType, taskQueue: 'q', input: payloadsOf(...args) },
    });
  }

  append(event: NewEvent): number {
    this.nowMs += 1_000;
    const eventId = this.events.length + 1;
    this.events.push({ ...event, eventId, eventTimeMs: this.nowMs });
    return eventId;
  }

  signal(signalName: string, ...args: unknown[]): void {
    const input = args.length > 0 ? { input: payloadsOf(...args) } : {};
    this.append({ eventType: 'WorkflowExecutionSignaled', attributes: { signalName, ...input } });
  }

  requestCancel(): void {
    this.append({ eventType: 'WorkflowExecutionCancelRequested', attributes: {} });
  }

  fireTimer(timerId: string): void {
    const started = this.last('TimerStarted', (event) => event.attributes.timerId === timerId);
    this.append({ eventType: 'TimerFired', attributes: { timerId, startedEventId: started.eventId } });
  }

  completeActivity(activityId: string, result?: unknown): void {
    const { scheduledEventId, startedEventId } = this.startActivity(activityId);
    this.append({
      eventType: 'ActivityTaskCompleted',
      attributes: { scheduledEventId, startedEventId, result: payloadsOf(result) },
    });
  }

  failActivity(activityId: string, error: Error): void {
    const failure = defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);
    const attributes = {
      ...this.startActivity(activityId),
      failure,
      retryState: 'NON_RETRYABLE_FAILURE' as const,
    };
    this.append({ eventType: 'ActivityTaskFailed', attributes });
  }

  cancelActivity(activityId: string): void {
    this.append({ eventType: 'ActivityTaskCanceled', attributes: this.startActivity(activityId) });
  }

  /** Starts a workflow task. */
  beginTask(): void {
    const scheduledEventId = this.append({ eventType: 'WorkflowTaskScheduled', attributes: {} });
    this.startedEventId = this.append({
      eventType: 'WorkflowTaskStarted',
      attributes: { scheduledEventId, historySizeBytes: this.events.length * 100 },
    });
  }

  /** Writes the events of a completed workflow task. */
  completeTask(commands: readonly Command[]): void {
    const { startedEventId } = this;
    const workflowTaskCompletedEventId = this.append({
      eventType: 'WorkflowTaskCompleted',
      attributes: { scheduledEventId: startedEventId - 1, startedEventId },
    });
    for (const command of commands) this.append(this.eventOf(command, workflowTaskCompletedEventId));
    this.previousStartedEventId = startedEventId;
  }

  failTask(): void {
    const { startedEventId } = this;
    this.append({
      eventType: 'WorkflowTaskFailed',
      attributes: { scheduledEventId: startedEventId - 1, startedEventId, cause: 'UNHANDLED_COMMAND' },
    });
  }

  request(overrides: Partial<ActivationRequest> = {}): ActivationRequest {
    const firstEventId = overrides.firstEventId ?? 1;
    return {
      namespace: 'default',
      workflowId: 'w',
      runId: this.runId,
      taskQueue: 'q',
      attempt: 1,
      startedEventId: this.startedEventId,
      previousStartedEventId: this.previousStartedEventId,
      firstEventId,
      packedEvents: packEvents(this.events.slice(firstEventId - 1).map(encodeEvent)),
      queries: [],
      isQueryOnly: false,
      ...overrides,
    };
  }

  /** The request with only what is new since the latest completed workflow task. */
  stickyRequest(overrides: Partial<ActivationRequest> = {}): ActivationRequest {
    return this.request({ firstEventId: this.previousStartedEventId + 1, ...overrides });
  }

  queryRequest(queryType: string, ...args: unknown[]): ActivationRequest {
    return this.request({ isQueryOnly: true, queries: [queryOf(queryType, ...args)] });
  }

  /** Runs a whole workflow task: whole history when `sticky` is not set. */
  run(sandbox: WorkflowSandbox, { sticky = true } = {}): CompletedResult {
    const result = this.tryRun(sandbox, { sticky });
    if (result.kind !== 'completed')
      throw new Error(`workflow task not completed: ${JSON.stringify(result)}`);
    this.completeTask(result.commands);
    return result;
  }

  /** Runs a workflow task without writing what came of it. */
  tryRun(sandbox: WorkflowSandbox, { sticky = true } = {}): ActivationResult {
    this.beginTask();
    return sandbox.activate(sticky ? this.stickyRequest() : this.request());
  }

  last<T extends EventType>(
    eventType: T,
    matches: (event: HistoryEventOf<T>) => boolean = () => true,
  ): HistoryEventOf<T> {
    const found = this.events.findLast(
      (event) => event.eventType === eventType && matches(event as unknown as HistoryEventOf<T>),
    );
    if (!found) throw new Error(`no ${eventType} in the history`);
    return found as unknown as HistoryEventOf<T>;
  }

  private startActivity(activityId: string) {
    const scheduled = this.last(
      'ActivityTaskScheduled',
      (event) => event.attributes.activityId === activityId,
    );
    const scheduledEventId = scheduled.eventId;
    const startedEventId = this.append({
      eventType: 'ActivityTaskStarted',
      attributes: { scheduledEventId },
    });
    return { scheduledEventId, startedEventId };
  }

  private eventOf(command: Command, workflowTaskCompletedEventId: number): NewEvent {
    const more = { workflowTaskCompletedEventId };
    switch (command.commandType) {
      case 'ScheduleActivityTask': {
        const { requestEagerExecution: _, retryPolicy: __, ...attributes } = command.attributes;
        return {
          eventType: 'ActivityTaskScheduled',
          attributes: { startToCloseTimeoutMs: 1_000, ...attributes, ...more },
        };
      }
      case 'RequestCancelActivityTask':
        return { eventType: 'ActivityTaskCancelRequested', attributes: { ...command.attributes, ...more } };
      case 'StartTimer':
        return { eventType: 'TimerStarted', attributes: { ...command.attributes, ...more } };
      case 'CancelTimer': {
        const { timerId } = command.attributes;
        const started = this.last('TimerStarted', (event) => event.attributes.timerId === timerId);
        return {
          eventType: 'TimerCanceled',
          attributes: { timerId, startedEventId: started.eventId, ...more },
        };
      }
      case 'CompleteWorkflowExecution':
        return { eventType: 'WorkflowExecutionCompleted', attributes: { ...command.attributes, ...more } };
      case 'FailWorkflowExecution':
        return {
          eventType: 'WorkflowExecutionFailed',
          attributes: { ...command.attributes, retryState: 'RETRY_POLICY_NOT_SET', ...more },
        };
      case 'CancelWorkflowExecution':
        return { eventType: 'WorkflowExecutionCanceled', attributes: { ...command.attributes, ...more } };
      case 'RecordMarker':
        return { eventType: 'MarkerRecorded', attributes: { ...command.attributes, ...more } };
      case 'SignalExternalWorkflowExecution':
        return {
          eventType: 'SignalExternalWorkflowExecutionInitiated',
          attributes: { namespace: 'default', ...command.attributes, ...more },
        };
      case 'RequestCancelExternalWorkflowExecution':
        return {
          eventType: 'RequestCancelExternalWorkflowExecutionInitiated',
          attributes: { namespace: 'default', ...command.attributes, ...more },
        };
      case 'UpsertWorkflowSearchAttributes':
        return {
          eventType: 'UpsertWorkflowSearchAttributes',
          attributes: { ...command.attributes, ...more },
        };
      case 'ModifyWorkflowProperties':
        return { eventType: 'WorkflowPropertiesModified', attributes: { ...command.attributes, ...more } };
    }
  }
}

export function queryOf(queryType: string, ...args: unknown[]): WorkflowQuery {
  return { queryId: `query-${queryType}`, queryType, args: payloadsOf(...args) };
}

/** Types of the commands that an activation gave. */
export function commandTypes(result: ActivationResult): string[] {
  return result.kind === 'completed' ? result.commands.map(({ commandType }) => commandType) : [result.kind];
}

/** The first command of one type. */
export function commandOf<T extends Command['commandType']>(result: ActivationResult, type: T): CommandOf<T> {
  const commands = result.kind === 'completed' ? result.commands : [];
  const found = commands.find(({ commandType }) => commandType === type);
  if (!found) throw new Error(`no ${type} in ${JSON.stringify(result)}`);
  return found as unknown as CommandOf<T>;
}

/** What the workflow returned. */
export function resultOf(result: ActivationResult): unknown {
  return valueOf(commandOf(result, 'CompleteWorkflowExecution').attributes.result);
}

/** The only answer in a result. */
export function answerIn(result: ActivationResult): unknown {
  if (result.kind !== 'completed') throw new Error(JSON.stringify(result));
  const [answer] = Object.values(result.queryAnswers);
  if (!answer?.answered) throw new Error(JSON.stringify(answer));
  return valueOf(answer.result && [answer.result]);
}

/** Fires the timer started last, one workflow task after the other, until the workflow returns; gives its result. */
export function runWithTimers(sandbox: WorkflowSandbox, history: FakeHistory): unknown {
  for (;;) {
    const result = history.run(sandbox);
    if (commandTypes(result).includes('CompleteWorkflowExecution')) {
      expectReplay(sandbox, history);
      return resultOf(result);
    }
    history.fireTimer(history.last('TimerStarted').attributes.timerId);
  }
}

/** The whole history replays without a complaint. */
export function expectReplay(sandbox: WorkflowSandbox, history: FakeHistory): void {
  const result = sandbox.activate(history.queryRequest('__stack_trace'));
  if (result.kind !== 'completed') throw new Error(`the history does not replay: ${JSON.stringify(result)}`);
}
