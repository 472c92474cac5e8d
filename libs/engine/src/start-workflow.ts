import { decodeEvent, encodeEventBody, encodePayloadMap } from '@tidewheel/codec';
import type { BodyAttributes } from '@tidewheel/codec';
import {
  DEFAULTS,
  executionStatusFromCode,
  InvalidArgumentError,
  isClosedStatus,
  mergeUpserts,
  UnavailableError,
  userMetadataFault,
  WorkflowExecutionAlreadyStartedError,
} from '@tidewheel/core';
import type { ExecutionStatus } from '@tidewheel/core';
import { sameVersion } from '@tidewheel/routing';
import { startExecution } from '@tidewheel/store';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineContext, RunAddress } from './engine-context.js';
import { routeStreams, runAddress } from './engine-context.js';
import type { Home } from './placement.js';
import { expectClose, getResult } from './read-history.js';
import { checkDuration, checkPayloadMap, checkPayloads, requireIdentifier } from './request-checks.js';
import type {
  StartWorkflowRequest,
  StartWorkflowResponse,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from './requests.js';
import { checkSearchAttributes } from './search-attributes/attribute-checks.js';
import { terminateRun } from './terminate-workflow.js';
import type { DeploymentView } from './worker-deployments/deployment-view.js';
import { isTarget } from './worker-deployments/stream-names.js';
import { formatOverride } from './worker-deployments/stored-versioning.js';
import { checkOverride, requireOverrideVersion, routeOfOverride } from './worker-deployments/override.js';
import { readStoredEvents } from './workflow-task/read-events.js';
import { startedBody as workflowTaskStartedBody } from './workflow-task/start-workflow-tasks.js';
import type { WorkflowTask } from './workflow-task/workflow-task.js';

/** How often the home of an id may turn out to be elsewhere; it does so when a deployment grows. */
const MAX_MOVES = 100;
/** How long to wait for Redis' clock to reach the time that this process believes it to be. */
const MOVE_PAUSE_MS = 20;
/** Turns over a closed or running predecessor at most this often before giving up on an id that many fight for. */
const MAX_ROUNDS = 20;

/**
 * Starts an execution, by the workflow id's policies.
 *
 * @throws WorkflowExecutionAlreadyStartedError, NamespaceNotFoundError, InvalidArgumentError
 */
export async function startWorkflow(
  context: EngineContext,
  request: StartWorkflowRequest,
): Promise<StartWorkflowResponse> {
  checkStart(request);
  return startOrUse(context, request, {
    onConflict: request.workflowIdConflictPolicy ?? 'FAIL',
    signal: undefined,
  });
}

/** A signal that a run starts with, or that goes to the one that runs already. */
interface StartSignal {
  /** The run that has recorded it once does not record it again. */
  readonly requestId: string;
  /** Body of its event. */
  readonly body: Buffer;
  /** Gives it to a running execution; `notFound` when that has closed meanwhile. */
  deliver(runId: string): Promise<'recorded' | 'repeated' | 'notFound'>;
}

/** What a start does beside starting. */
interface StartOptions {
  readonly onConflict: WorkflowIdConflictPolicy;
  readonly signal: StartSignal | undefined;
}

/** Starts a run, or uses the one in its way, as the policies say; with a signal, whichever it is gets it. */
export async function startOrUse(
  context: EngineContext,
  request: StartWorkflowRequest,
  options: StartOptions,
): Promise<StartWorkflowResponse> {
  await context.namespaces.require(request.namespace);
  await checkSearchAttributes(context, request.namespace, request.searchAttributes);
  for (let move = 0; move < MAX_MOVES; move++) {
    if (move > 1) await sleep(MOVE_PAUSE_MS);
    const home = await context.placement.home(request.namespace, request.workflowId, move > 0);
    const response = await startAt(context, home, request, options);
    if (response) return response;
  }
  throw new UnavailableError(
    `the home of workflow id "${request.workflowId}" changes all the time; see that the clocks of the Redis servers agree`,
  );
}

/** Undefined when the id has another home. */
async function startAt(
  context: EngineContext,
  home: Home,
  request: StartWorkflowRequest,
  options: StartOptions,
): Promise<StartWorkflowResponse | undefined> {
  const { execution } = home;
  const partition = context.keys.partition(execution.partition);
  const runId = randomUUID();
  const address = runAddress(context, execution, runId);
  const { eagerWorker } = request;
  const { signal } = options;
  const requestId = request.requestId ?? runId;
  const versioning = await startVersioning(context, request);
  const close = request.waitForResult ? await expectClose(context, runId) : undefined;
  try {
    const response = await start();
    if (!response) close?.forget();
    return response;
  } catch (error) {
    close?.forget();
    throw error;
  }

  /** Starts the run, doing what the policies say about those in its way. */
  async function start(): Promise<StartWorkflowResponse | undefined> {
    let replacesRunId = '';
    let { view } = versioning;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const eager = startsEagerly(view);
      const reply = await startExecution(context.run, {
        executionKey: execution.execution,
        replacedKey: replacesRunId
          ? context.keys.run(execution.partition, request.workflowId, replacesRunId).replaced
          : execution.execution,
        historyKey: address.history,
        timersKey: partition.timers,
        runningKey: context.keys.running(execution.partition, request.namespace),
        streamKey: routeStreams(context, execution, { taskQueue: versioning.route, sticky: '' })
          .normalStreamKey,
        requestKeys: [
          ...(signal ? [address.requests] : []),
          ...(view.revision > 0
            ? [
                context.keys.routingRevision(execution.partition, request.namespace),
                context.keys.pinnedCounts(execution.partition, request.namespace),
              ]
            : []),
        ],
        member: execution.member,
        runMember: address.runMember,
        runId,
        requestId: request.requestId ?? '',
        workflowType: request.workflowType,
        taskQueue: versioning.route,
        startedBody: startedEventBody(context, request, eager),
        taskTimeoutMs: request.workflowTaskTimeoutMs ?? 0,
        runTimeoutMs: request.workflowRunTimeoutMs ?? 0,
        executionTimeoutMs: request.workflowExecutionTimeoutMs ?? 0,
        replacesRunId,
        waiter: request.waitForResult ? '1' : '',
        memo: request.memo ? encodePayloadMap(request.memo) : '',
        searchAttributes: request.searchAttributes
          ? encodePayloadMap(mergeUpserts(undefined, request.searchAttributes))
          : '',
        eagerStartedBody: eager ? workflowTaskStartedBody(eagerWorker?.identity ?? '') : '',
        override: formatOverride(request.versioningOverride),
        revision: view.revision,
        homeFromMs: home.fromMs,
        homeUntilMs: home.untilMs,
        former: home.former ? '1' : '',
        signal: signal ? [signal.requestId, signal.body] : [],
      });
      if (reply[0] === 1) {
        const [, startedMs, events] = reply;
        return {
          runId,
          started: true,
          ...(close && { outcome: observed(close.outcome(address)) }),
          ...(events.length > 0 && {
            workflowTask: firstWorkflowTask(request, address, startedMs, events, versioning.route),
          }),
        };
      }

      if (reply[0] === 3) return undefined;
      if (reply[0] === 2) {
        view = await context.deployments.newest(request.namespace);
        continue;
      }
      const existing = {
        runId: reply[1].toString(),
        status: executionStatusFromCode(Number(reply[2])) ?? 'RUNNING',
        requestId: reply[3].toString(),
      };
      if (existing.runId === runId) return ownRun();
      if (existing.requestId === requestId) return existingRun(existing.runId, true);
      if (!isClosedStatus(existing.status)) {
        switch (options.onConflict) {
          case 'USE_EXISTING':
            // One that closed since it was found is looked at anew, as a closed one.
            if (signal && (await signal.deliver(existing.runId)) === 'notFound') continue;
            return existingRun(existing.runId, false);
          case 'TERMINATE_EXISTING':
            await terminateRun(context, runAddress(context, execution, existing.runId), {
              reason: 'terminated by the start of another run with TERMINATE_EXISTING',
              identity: request.identity,
            });
            continue;
          case 'FAIL':
            throw new WorkflowExecutionAlreadyStartedError(
              request.workflowId,
              existing.runId,
              existing.requestId,
            );
        }
      }
      // This very signal may have been delivered, its reply lost, and the run closed since.
      if (signal && (await signal.deliver(existing.runId)) === 'repeated') {
        return existingRun(existing.runId, false);
      }
      if (!mayReuse(request.workflowIdReusePolicy ?? 'ALLOW_DUPLICATE', existing.status)) {
        throw new WorkflowExecutionAlreadyStartedError(
          request.workflowId,
          existing.runId,
          existing.requestId,
          `workflow execution "${request.workflowId}" ended as ${existing.status} in run ${existing.runId}, and its id may not be used again`,
        );
      }
      replacesRunId = existing.runId;
    }
    throw new WorkflowExecutionAlreadyStartedError(request.workflowId, replacesRunId, '');
  }

  /** What was started by this very call, whose reply was lost on the way: with the task that nobody else has. */
  async function ownRun(): Promise<StartWorkflowResponse> {
    const response = existingRun(runId, true);
    if (!eagerWorker) return response;
    const events = await readStoredEvents(context, address, 1, signal ? 4 : 3);
    // Its first task went to workers of another version.
    if (events.length < (signal ? 4 : 3)) return response;
    const startedMs = decodeEvent(events[0] as Buffer, 1).eventTimeMs;
    return {
      ...response,
      workflowTask: firstWorkflowTask(request, address, startedMs, events, versioning.route),
    };
  }

  /** Whether the starter does the first task: it has to be of the version that gets it. */
  function startsEagerly(view: DeploymentView): boolean {
    if (!eagerWorker) return false;
    const { taskQueue, workflowId, versioningOverride } = request;
    return versioningOverride?.behavior === 'PINNED'
      ? sameVersion(versioningOverride.version, eagerWorker.version)
      : isTarget(view, taskQueue, workflowId, eagerWorker.version);
  }

  function existingRun(existingRunId: string, started: boolean): StartWorkflowResponse {
    close?.forget();
    return {
      runId: existingRunId,
      started,
      ...(close && { outcome: observed(getResult(context, { ...request, runId: existingRunId })) }),
    };
  }
}

/** The first workflow task of a run whose starter does it at once; `events` are all that the run has. */
function firstWorkflowTask(
  request: StartWorkflowRequest,
  run: RunAddress,
  nowMs: number,
  events: readonly Buffer[],
  route: string,
): WorkflowTask {
  const { workflowTaskTimeoutMs, workflowRunTimeoutMs, workflowExecutionTimeoutMs } = request;
  return {
    run,
    stamp: { scheduledEventId: events.length - 1, startedEventId: events.length, attempt: 1 },
    taskQueue: request.taskQueue,
    ...(route !== request.taskQueue && { route }),
    previousStartedEventId: 0,
    scheduledMs: nowMs,
    startedMs: nowMs,
    taskTimeoutMs: workflowTaskTimeoutMs ? workflowTaskTimeoutMs : DEFAULTS.workflowTaskTimeoutMs,
    runExpiresMs: workflowRunTimeoutMs ? nowMs + workflowRunTimeoutMs : 0,
    executionExpiresMs: workflowExecutionTimeoutMs ? nowMs + workflowExecutionTimeoutMs : 0,
    firstEventId: 1,
    events,
    historyLength: events.length,
    queries: [],
  };
}

/** Where a new run's tasks go, and by which worker deployments that was decided. */
async function startVersioning(
  context: EngineContext,
  { namespace, taskQueue, versioningOverride }: StartWorkflowRequest,
): Promise<{ readonly route: string; readonly view: DeploymentView }> {
  const view = await context.deployments.fresh(namespace);
  if (!versioningOverride) return { route: taskQueue, view };
  return {
    route: routeOfOverride(taskQueue, versioningOverride),
    view: await requireOverrideVersion(context, namespace, versioningOverride, view),
  };
}

/** A promise that nobody has to look at: its rejection is not an unhandled one. */
function observed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function mayReuse(policy: WorkflowIdReusePolicy, status: ExecutionStatus): boolean {
  switch (policy) {
    case 'ALLOW_DUPLICATE':
      return true;
    case 'ALLOW_DUPLICATE_FAILED_ONLY':
      return status !== 'COMPLETED';
    case 'REJECT_DUPLICATE':
      return false;
  }
}

/** @throws InvalidArgumentError */
export function checkStart(request: StartWorkflowRequest): void {
  requireIdentifier('workflowId', request.workflowId);
  requireIdentifier('workflowType', request.workflowType);
  requireIdentifier('taskQueue', request.taskQueue);
  if (request.requestId !== undefined) requireIdentifier('requestId', request.requestId);
  if (request.identity !== undefined) requireIdentifier('identity', request.identity);
  if (request.eagerWorker !== undefined)
    requireIdentifier('eagerWorker.identity', request.eagerWorker.identity);
  checkPayloads('input', request.input);
  checkPayloadMap('memo', request.memo);
  checkPayloadMap('searchAttributes', request.searchAttributes);
  checkPayloadMap('header', request.header);
  const metadataFault = userMetadataFault(request.userMetadata);
  if (metadataFault) throw new InvalidArgumentError('userMetadata', metadataFault);
  checkOverride(request.versioningOverride);
  checkDuration('workflowExecutionTimeout', request.workflowExecutionTimeoutMs);
  checkDuration('workflowRunTimeout', request.workflowRunTimeoutMs);
  checkDuration('workflowTaskTimeout', request.workflowTaskTimeoutMs, DEFAULTS.workflowTaskTimeoutMaxMs);
  if (
    request.workflowIdReusePolicy === 'REJECT_DUPLICATE' &&
    request.workflowIdConflictPolicy === 'TERMINATE_EXISTING'
  ) {
    throw new InvalidArgumentError(
      'workflowIdConflictPolicy',
      'TERMINATE_EXISTING cannot go with the reuse policy REJECT_DUPLICATE: the terminated run would stand in the way',
    );
  }
}

function startedEventBody(context: EngineContext, request: StartWorkflowRequest, eager: boolean): Buffer {
  const taskTimeoutMs = request.workflowTaskTimeoutMs;
  const attributes: BodyAttributes<'WorkflowExecutionStarted'> = {
    workflowType: request.workflowType,
    taskQueue: request.taskQueue,
    identity: request.identity ?? context.identity,
    ...(request.input && request.input.length > 0 && { input: request.input }),
    ...(request.workflowExecutionTimeoutMs && {
      workflowExecutionTimeoutMs: request.workflowExecutionTimeoutMs,
    }),
    ...(request.workflowRunTimeoutMs && { workflowRunTimeoutMs: request.workflowRunTimeoutMs }),
    ...(taskTimeoutMs &&
      taskTimeoutMs !== DEFAULTS.workflowTaskTimeoutMs && { workflowTaskTimeoutMs: taskTimeoutMs }),
    ...(request.memo && { memo: request.memo }),
    ...(request.searchAttributes && { searchAttributes: request.searchAttributes }),
    ...(request.header && { header: request.header }),
    ...(eager && { eagerExecutionAccepted: true }),
    ...(request.versioningOverride && { versioningOverride: request.versioningOverride }),
  };
  const { summary, details } = request.userMetadata ?? {};
  return encodeEventBody(
    'WorkflowExecutionStarted',
    attributes,
    summary || details ? request.userMetadata : undefined,
  );
}
