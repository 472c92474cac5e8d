import type { Failure, HistoryEvent, HistoryEventOf, WorkflowTaskFailedCause } from '@tidewheel/core';
import { isEventOf } from '@tidewheel/core';
import type { Execution, MetricUpdate, WorkflowLogEntry } from '@tidewheel/workflow/runtime';
import type { ActivationRequest, ActivationResult, WorkflowCacheLimits } from '../activation-request.js';
import { matchCommands, patchIdsOf, recordOf } from './command-matching.js';
import type { CommandRecord } from './command-matching.js';
import { planActivations } from './history-activations.js';
import type { ActivationPlan, PlannedActivation } from './history-activations.js';
import { InstanceCache } from './instance-cache.js';
import { withSandboxHint } from './sandbox-hints.js';
import { WorkflowRealm } from './workflow-realm.js';
import type { RealmCode } from './workflow-realm.js';

/** Reads events out of their storage encoding. */
export type EventDecoder = (packed: Uint8Array, firstEventId: number) => HistoryEvent[];

/** Estimated heap of a cached execution, apart from what grows with its history. */
const BASE_INSTANCE_BYTES = 10_240;

/** An execution that stands where its latest workflow task left it. */
interface WorkflowInstance {
  readonly execution: Execution;
  readonly sizeBytes: number;
  /** Event that started the latest workflow task it ran. */
  readonly standsAtEventId: number;
  /** The commands it gave then, until the history shows what they became. */
  readonly records: readonly CommandRecord[];
}

/** Ends an activation with a failed workflow task. */
class WorkflowTaskFailure extends Error {
  constructor(
    readonly taskCause: WorkflowTaskFailedCause,
    readonly failure: Failure,
    readonly logs: readonly WorkflowLogEntry[] = [],
    readonly metrics?: readonly MetricUpdate[] | undefined,
  ) {
    super(failure.message);
  }
}

/** Runs workflow tasks in a realm and caches executions between them. Synchronous; one per thread. */
export class WorkflowSandbox {
  private readonly realm: WorkflowRealm;
  private readonly cache: InstanceCache<WorkflowInstance>;
  /** Of the execution that ran last; undefined when the latest request did not come to running any. */
  private latestType: string | undefined;

  constructor(
    code: RealmCode,
    limits: WorkflowCacheLimits,
    private readonly decodeEvents: EventDecoder,
  ) {
    this.realm = new WorkflowRealm(code);
    this.cache = new InstanceCache(limits);
  }

  /** Runs one workflow task or query. Never throws: what goes wrong is part of the result. */
  activate(request: ActivationRequest): ActivationResult {
    this.latestType = undefined;
    try {
      return request.isQueryOnly ? this.query(request) : this.runTask(request);
    } catch (error) {
      this.cache.delete(request.runId);
      if (error instanceof WorkflowTaskFailure) {
        const { taskCause: cause, failure, logs, metrics } = error;
        return { kind: 'failed', cause, failure, logs, metrics, workflowType: this.latestType };
      }
      return this.failedBy(error);
    }
  }

  /** The result of an activation after which a promise was found rejected that nobody handles. */
  failWithRejection(runId: string, reason: unknown): ActivationResult {
    this.cache.delete(runId);
    return this.failedBy(reason);
  }

  /** Drops a cached execution; says whether there was one. */
  evict(runId: string): boolean {
    return this.cache.delete(runId);
  }

  /** The names of the workflows; see {@link WorkflowRealm.workflowTypes}. */
  workflowTypes(): readonly string[] | undefined {
    return this.realm.workflowTypes();
  }

  get stats() {
    return this.cache.stats;
  }

  private runTask(request: ActivationRequest): ActivationResult {
    const cached = this.takeCached(request);
    if (cached === 'miss') return { kind: 'cacheMiss' };
    const events = this.decodeEvents(request.packedEvents, request.firstEventId);
    const plan = planActivations(events);
    if (!plan.hasCurrentTask) {
      throw new Error(`the events of run ${request.runId} do not end with the start of a workflow task`);
    }
    const { instance, closed, ...outcome } = this.advance(request, cached, events, plan);
    const queryAnswers =
      request.queries.length > 0 ? this.realm.answer(instance.execution, request.queries) : {};
    if (!closed) this.keep(request, instance);
    return { kind: 'completed', queryAnswers, ...outcome, ...runFacts(instance) };
  }

  private query(request: ActivationRequest): ActivationResult {
    const cached = this.takeCached(request);
    if (cached === 'miss') return { kind: 'cacheMiss' };
    let instance = cached;
    let isClosed = false;
    if (!instance) {
      const events = this.decodeEvents(request.packedEvents, request.firstEventId);
      const { activations, ...rest } = planActivations(events);
      const completed = activations.filter((activation) => activation.isReplaying);
      const plan = { ...rest, activations: completed };
      ({ instance, closed: isClosed } = this.advance(request, undefined, events, plan));
    }
    const queryAnswers = this.realm.answer(instance.execution, request.queries);
    if (!isClosed) this.keep(request, instance);
    return { kind: 'completed', commands: [], queryAnswers, logs: [], ...runFacts(instance) };
  }

  private keep({ runId }: ActivationRequest, instance: WorkflowInstance): void {
    if (!instance.execution.isTainted) this.cache.put(runId, instance);
  }

  /** The cached execution, when the events continue it; undefined, when they begin at the beginning. */
  private takeCached(request: ActivationRequest): WorkflowInstance | 'miss' | undefined {
    const { runId, firstEventId, previousStartedEventId, packedEvents } = request;
    const instance = this.cache.take(runId);
    const isWholeHistory = firstEventId === 1 && packedEvents.byteLength > 0;
    if (isWholeHistory) {
      if (previousStartedEventId > 0 && !request.isQueryOnly) this.cache.countReplay();
      return undefined;
    }
    const fits =
      instance?.standsAtEventId === previousStartedEventId &&
      (packedEvents.byteLength === 0 || firstEventId === previousStartedEventId + 1);
    this.cache.count(fits);
    return fits ? instance : 'miss';
  }

  /** Runs the activations of a piece of history, checking the commands of those that are replayed. */
  private advance(
    request: ActivationRequest,
    cached: WorkflowInstance | undefined,
    events: readonly HistoryEvent[],
    plan: ActivationPlan,
  ) {
    const beganMs = performance.now();
    let replayMs: number | undefined;
    const execution = cached?.execution ?? this.createExecution(request, events);
    this.latestType = execution.started.attributes.workflowType;
    if (cached) this.checkCommands(request, execution, cached.records, plan.previousCommandEvents);
    let outcome: ReturnType<WorkflowRealm['activate']> | undefined;
    let records: readonly CommandRecord[] = [];
    for (const activation of plan.activations) {
      outcome = this.realm.activate(execution, {
        nowMs: activation.nowMs,
        isReplaying: activation.isReplaying,
        historyLength: activation.startedEventId,
        historySizeBytes: activation.historySizeBytes,
        events: activation.events,
        patchIds: patchIdsOf(activation.commandEvents),
        deploymentVersion: activation.isReplaying ? activation.deploymentVersion : request.deploymentVersion,
      });
      if (outcome.taskFailure) {
        const { cause, failure } = this.describeFailure(outcome.taskFailure.error);
        throw new WorkflowTaskFailure(cause, failure, outcome.logs, outcome.metrics);
      }
      records = outcome.commands.map(recordOf);
      if (activation.isReplaying) {
        this.checkCommands(request, execution, records, activation.commandEvents);
        replayMs = performance.now() - beganMs;
      }
    }
    const last = plan.activations.at(-1);
    if (!outcome || !last) throw new Error(`run ${request.runId} has no workflow task to go by`);
    return {
      commands: outcome.commands,
      logs: outcome.logs,
      ...(outcome.metrics && { metrics: outcome.metrics }),
      closed: outcome.closed,
      ...(outcome.versioningBehavior && { versioningBehavior: outcome.versioningBehavior }),
      ...(replayMs !== undefined && { replayMs }),
      instance: instanceOf(execution, last, records),
    };
  }

  private createExecution(request: ActivationRequest, events: readonly HistoryEvent[]): Execution {
    const [first] = events;
    if (!first || !isEventOf(first, 'WorkflowExecutionStarted')) {
      throw new Error(`the history of run ${request.runId} does not begin with WorkflowExecutionStarted`);
    }
    const { namespace, workflowId, runId, taskQueue } = request;
    const started: HistoryEventOf<'WorkflowExecutionStarted'> = first;
    return this.realm.createExecution({ namespace, workflowId, runId, taskQueue }, started);
  }

  private checkCommands(
    request: ActivationRequest,
    execution: Execution,
    records: readonly CommandRecord[],
    events: readonly HistoryEvent[],
  ): void {
    const match = matchCommands(records, events);
    if (match.matches) {
      execution.recordCommands(match.eventIds);
      return;
    }
    const message = `${match.message} (workflow ${request.workflowId}, run ${request.runId})`;
    const info = { kind: 'application', type: 'DeterminismViolationError', nonRetryable: false } as const;
    throw new WorkflowTaskFailure('NON_DETERMINISTIC_ERROR', { message, source: 'TypeScriptSDK', info });
  }

  private failedBy(error: unknown): ActivationResult {
    return { kind: 'failed', ...this.describeFailure(error), logs: [], workflowType: this.latestType };
  }

  private describeFailure(error: unknown): { cause: WorkflowTaskFailedCause; failure: Failure } {
    const failure = withSandboxHint(this.realm.toFailure(error));
    return { cause: 'WORKFLOW_WORKER_UNHANDLED_FAILURE', failure };
  }
}

/** What the host tells of a run when it records how its tasks went. */
function runFacts({ execution: { started } }: WorkflowInstance) {
  return { workflowType: started.attributes.workflowType, runStartedMs: started.eventTimeMs };
}

function instanceOf(
  execution: Execution,
  last: PlannedActivation,
  records: readonly CommandRecord[],
): WorkflowInstance {
  return {
    execution,
    records,
    standsAtEventId: last.startedEventId,
    sizeBytes: BASE_INSTANCE_BYTES + last.historySizeBytes,
  };
}
