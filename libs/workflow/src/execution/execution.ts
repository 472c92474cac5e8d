import type {
  Command,
  CommandOf,
  CommandType,
  HistoryEvent,
  HistoryEventOf,
  VersioningBehavior,
  WorkerDeploymentVersion,
} from '@tidewheel/core';
import { isCloseCommand } from '@tidewheel/core';
import {
  CancelledFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
  fromPayloads,
  isCancellation,
  TidewheelFailure,
  toPayloads,
} from '@tidewheel/common';
import type { LogLevel } from '@tidewheel/common';
import { CancellationScope } from '../cancellation-scope.js';
import type {
  Activation,
  ActivationOutcome,
  ExecutionIdentity,
  MetricUpdate,
  PendingOperation,
  QueryAnswers,
  WorkflowLogEntry,
  WorkflowQuery,
} from './activation.js';
import { MessageHandlers } from './message-handlers.js';
import type { PendingActivity } from './pending-activity.js';
import type { PendingCondition } from './condition.js';
import type { PendingExternalRequest } from './pending-external-request.js';
import type { PendingTimer } from './pending-timer.js';
import { workflowOptionsOf } from '../workflow-options.js';
import { RandomGenerator } from './random.js';
import { copyWithoutInput } from './realm-copy.js';

type WorkflowFunction = (...args: unknown[]) => unknown;
type StartedEvent = HistoryEventOf<'WorkflowExecutionStarted'>;

/**
 * One run of a workflow as its code sees it: clock, randomness, what it waits for, and the commands it gives.
 * The host applies events to it, lets promises run, and takes the commands; see `runtime.ts` for the order.
 */
export class Execution {
  nowMs = 0;
  isReplaying = false;
  historyLength = 0;
  historySizeBytes = 0;
  /** Activations so far: what was started and cancelled in the same one never reaches the engine. */
  activationCount = 0;
  nextActivityNumber = 1;
  nextTimerNumber = 1;
  /** Whether promises must be followed to know the scope of the calling code. */
  usesScopes = false;
  isAnsweringQuery = false;
  /** Set when a query handler went on after its answer: what it will do is in no history. */
  isTainted = false;
  /** The answers that `patched` gave. */
  readonly patchAnswers = new Map<string, boolean>();
  /** Pending activities by the ids of the events that scheduled them. */
  readonly activities = new Map<number, PendingActivity>();
  readonly timers = new Map<string, PendingTimer>();
  readonly externalRequests = new Map<number, PendingExternalRequest>();
  readonly conditions = new Set<PendingCondition>();
  readonly messages = new MessageHandlers(this);
  readonly rootScope: CancellationScope = new CancellationScope({ cancellable: true, parent: null });
  /** What the workflow changed of its own memo and search attributes; read through `workflowInfo()`. */
  readonly changedMemo: Record<string, unknown> = {};
  readonly changedSearchAttributes: Record<string, unknown> = {};
  recordedPatchIds: readonly string[] = [];
  closed = false;
  /** What the workflow says of itself, if it does. */
  versioningBehavior: VersioningBehavior | undefined;
  /** Version of the worker that does this workflow task, or did it when it ran first. */
  deploymentVersion: WorkerDeploymentVersion | undefined;
  private commands: Command[] = [];
  /** Who waits for the event of each command of {@link commands}. */
  private owners: (PendingOperation | undefined)[] = [];
  private logs: WorkflowLogEntry[] = [];
  private metrics: MetricUpdate[] | undefined;
  private taskFailure: { readonly error: unknown } | undefined;
  private generator: RandomGenerator | undefined;

  /** The start of the run, without its input once the workflow function has it: that may be big. */
  started: StartedEvent;

  constructor(
    readonly identity: ExecutionIdentity,
    started: StartedEvent,
  ) {
    this.started = started;
  }

  /** Numbers that look random, and are the same in every replay of the run. */
  get random(): RandomGenerator {
    this.generator ??= RandomGenerator.fromText(this.identity.runId);
    return this.generator;
  }

  /** Sets the circumstances of an activation. */
  begin(activation: Activation): void {
    this.activationCount++;
    this.nowMs = activation.nowMs;
    this.isReplaying = activation.isReplaying;
    this.historyLength = activation.historyLength;
    this.historySizeBytes = activation.historySizeBytes;
    this.recordedPatchIds = activation.patchIds;
    this.deploymentVersion = activation.deploymentVersion;
    if (activation.events.length > 1) this.noteOutcomes(activation.events);
  }

  /** Calls the workflow function. */
  start(workflowFunction: WorkflowFunction): void {
    this.versioningBehavior = workflowOptionsOf(workflowFunction).versioningBehavior;
    const args = fromPayloads(defaultPayloadConverter, this.started.attributes.input);
    this.started = copyWithoutInput(this.started);
    // eslint-disable-next-line @typescript-eslint/require-await -- async turns what it throws into a rejection
    const run = async (): Promise<unknown> => workflowFunction(...args);
    run().then(
      (result) => this.complete(result),
      (error: unknown) => this.fail(error),
    );
  }

  /** Lets the workflow know what happened. Promises settle; what awaits them runs when the host lets it. */
  apply(event: HistoryEvent): void {
    switch (event.eventType) {
      case 'WorkflowExecutionSignaled':
        this.messages.signal(event);
        break;
      case 'WorkflowExecutionCancelRequested':
        this.rootScope.cancelWith(new CancelledFailure('Workflow cancelled'));
        break;
      case 'TimerFired':
        this.timers.get(event.attributes.timerId)?.fire();
        break;
      case 'ActivityTaskCompleted':
      case 'ActivityTaskFailed':
      case 'ActivityTaskTimedOut':
      case 'ActivityTaskCanceled':
        this.activities.get(event.attributes.scheduledEventId)?.close(event);
        break;
      case 'ExternalWorkflowExecutionSignaled':
      case 'ExternalWorkflowExecutionCancelRequested':
        this.externalRequests.get(event.attributes.initiatedEventId)?.succeed();
        break;
      case 'SignalExternalWorkflowExecutionFailed':
      case 'RequestCancelExternalWorkflowExecutionFailed':
        this.externalRequests.get(event.attributes.initiatedEventId)?.fail(event.attributes.cause);
        break;
      default:
    }
  }

  /** Looks at the conditions; says whether any became true, so that what awaits it may run. */
  checkConditions(): boolean {
    let changed = false;
    for (const condition of [...this.conditions]) {
      if (this.conditions.has(condition) && condition.check()) changed = true;
    }
    return changed;
  }

  /**
   * Answers queries without letting them change anything.
   *
   * @param drain lets promises run: a handler that waits in spite of all does so now, rather than in the next activation
   */
  answer(queries: readonly WorkflowQuery[], drain: () => void): QueryAnswers {
    const { generator } = this;
    this.isAnsweringQuery = true;
    try {
      this.generator = generator?.copy();
      return Object.fromEntries(queries.map((query) => [query.queryId, this.messages.answer(query)]));
    } finally {
      drain();
      this.generator = generator;
      this.isAnsweringQuery = false;
    }
  }

  /** Hands over what the activation led to. */
  conclude(): ActivationOutcome {
    const { commands, logs, metrics, closed, taskFailure, versioningBehavior } = this;
    this.commands = [];
    this.logs = [];
    this.metrics = undefined;
    const rare = { ...(metrics && { metrics }), ...(versioningBehavior && { versioningBehavior }) };
    return { commands, logs, closed, taskFailure, ...rare };
  }

  /** Learns which events the commands of the latest activation became; 0 for a command that made none. */
  recordCommands(eventIds: readonly number[]): void {
    const { owners } = this;
    eventIds.forEach((eventId, index) => owners[index]?.recorded(eventId));
    this.owners = [];
  }

  addCommand(command: Command, owner?: PendingOperation): void {
    if (this.closed) return;
    this.commands.push(command);
    this.owners.push(owner);
    if (isCloseCommand(command.commandType)) this.closed = true;
  }

  /** Takes back a command of this activation. */
  dropCommand<T extends CommandType>(
    type: T,
    matches: (attributes: CommandOf<T>['attributes']) => boolean,
  ): void {
    const index = this.commands.findIndex(
      (command) => command.commandType === type && matches(command.attributes as CommandOf<T>['attributes']),
    );
    if (index === -1) return;
    this.commands.splice(index, 1);
    this.owners.splice(index, 1);
  }

  log(level: LogLevel, message: string, attributes?: Readonly<Record<string, unknown>>): void {
    if (this.isReplaying || this.isAnsweringQuery) return;
    this.logs.push({ level, message, timestampMs: this.nowMs, ...(attributes && { attributes }) });
  }

  /** Hands a value over to the worker's metrics, unless it was when the code ran first. */
  recordMetric(update: MetricUpdate): void {
    if (this.isReplaying || this.isAnsweringQuery) return;
    this.metrics ??= [];
    this.metrics.push(update);
  }

  /** What an error that nobody caught does: it cancels or fails the run, or fails only the workflow task. */
  fail(error: unknown): void {
    if (this.closed) return;
    if (isCancellation(error) && this.rootScope.consideredCancelled) {
      this.addCommand({ commandType: 'CancelWorkflowExecution', attributes: {} });
    } else if (error instanceof TidewheelFailure) {
      const failure = defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);
      this.addCommand({ commandType: 'FailWorkflowExecution', attributes: { failure } });
    } else {
      this.failTask(error);
    }
  }

  /** Fails the workflow task; the first reason counts. */
  failTask(error: unknown): void {
    this.taskFailure ??= { error };
  }

  private complete(result: unknown): void {
    try {
      const payloads = result === undefined ? undefined : toPayloads(defaultPayloadConverter, [result]);
      this.warnOfUnfinishedHandlers();
      this.addCommand({
        commandType: 'CompleteWorkflowExecution',
        attributes: { ...(payloads && { result: payloads }) },
      });
    } catch (error) {
      this.failTask(error);
    }
  }

  private warnOfUnfinishedHandlers(): void {
    const signals = this.messages.unfinishedSignals;
    if (signals.length === 0) return;
    this.log('WARN', 'Workflow finished while signal handlers are still running', { signals });
  }

  /** What has an outcome in the history must not be cancelled any more, though the workflow comes to it later. */
  private noteOutcomes(events: readonly HistoryEvent[]): void {
    for (const event of events) {
      switch (event.eventType) {
        case 'TimerFired': {
          const timer = this.timers.get(event.attributes.timerId);
          if (timer) timer.isFiring = true;
          break;
        }
        case 'ActivityTaskCompleted':
        case 'ActivityTaskFailed':
        case 'ActivityTaskTimedOut':
        case 'ActivityTaskCanceled': {
          const activity = this.activities.get(event.attributes.scheduledEventId);
          if (activity) activity.isClosing = true;
          break;
        }
        default:
      }
    }
  }
}
