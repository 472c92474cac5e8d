import { queueOfRoute } from '@tidewheel/routing';
import { decodeEvent } from '@tidewheel/codec';
import {
  DEFAULTS,
  executionStatusFromCode,
  InvalidArgumentError,
  isClosedStatus,
  WorkflowNotFoundError,
} from '@tidewheel/core';
import type { ExecutionStatus, HistoryEvent } from '@tidewheel/core';
import { readHistory as readScript } from '@tidewheel/store';
import type { EngineContext, RunAddress } from './engine-context.js';
import { runAddress } from './engine-context.js';
import type { Notice } from './notices.js';
import { checkRunId, requireIdentifier } from './request-checks.js';
import type {
  ExecutionAddress,
  HistoryPage,
  HistoryRequest,
  ResultRequest,
  WorkflowOutcome,
} from './requests.js';

const MAX_PAGE_SIZE = 256;
/** How long to trust that a notice will come before looking again. */
const LOOK_AGAIN_MS = 5_000;

/**
 * The run that an address names: the one given, or the current one.
 *
 * @throws WorkflowNotFoundError, InvalidArgumentError, NamespaceNotFoundError
 */
export async function resolveRun(context: EngineContext, address: ExecutionAddress): Promise<RunAddress> {
  requireIdentifier('workflowId', address.workflowId);
  checkRunId(address.runId);
  await context.namespaces.require(address.namespace);
  const execution = await context.placement.find(address.namespace, address.workflowId, address.runId);
  const runId = address.runId ?? (await context.redis.hget(execution.execution, 'r'));
  if (!runId) throw new WorkflowNotFoundError(address.workflowId, undefined);
  return runAddress(context, execution, runId);
}

/** @throws WorkflowNotFoundError, InvalidArgumentError, NamespaceNotFoundError */
export async function getHistory(context: EngineContext, request: HistoryRequest): Promise<HistoryPage> {
  const pageSize = Math.min(positive('pageSize', request.pageSize) ?? MAX_PAGE_SIZE, MAX_PAGE_SIZE);
  const run = await resolveRun(context, request);
  const from = positive('fromEventId', request.fromEventId);
  if (request.reverse) return reversePage(context, run, from, pageSize);
  const fromEventId = from ?? 1;
  const deadline = Date.now() + Math.min(request.waitMs ?? 0, DEFAULTS.longPollMs);
  for (;;) {
    const waits = deadline > Date.now() && !request.signal?.aborted;
    if (waits) await context.notices.start();
    const notice = waits ? nextNotice(context, run.runId, deadline, request.signal) : undefined;
    try {
      const page = await readPage(context, run, fromEventId, pageSize, waits ? 'e' : '');
      if (page.events.length > 0 || isClosedStatus(page.status) || !notice) {
        const next = fromEventId + page.events.length;
        const complete = isClosedStatus(page.status) && next > page.historyLength;
        return {
          runId: run.runId,
          taskQueue: page.taskQueue,
          events: page.events,
          status: page.status,
          nextEventId: complete ? undefined : next,
        };
      }
      await notice.received;
    } finally {
      notice?.stop();
    }
  }
}

async function reversePage(
  context: EngineContext,
  run: RunAddress,
  from: number | undefined,
  pageSize: number,
): Promise<HistoryPage> {
  const { historyLength, status, taskQueue } = await readPage(context, run, Number.MAX_SAFE_INTEGER, 1, '');
  const last = Math.min(from ?? historyLength, historyLength);
  const first = Math.max(1, last - pageSize + 1);
  const { events } = await readPage(context, run, first, last - first + 1, '');
  return {
    runId: run.runId,
    taskQueue,
    events: [...events].reverse(),
    status,
    nextEventId: first > 1 ? first - 1 : undefined,
  };
}

/** Waits for the end of a run; tells that it still runs when the time is over. */
export async function getResult(context: EngineContext, request: ResultRequest): Promise<WorkflowOutcome> {
  const { runId, closeEvent } = await awaitClose(context, request);
  return closeEvent ? outcomeOf(runId, closeEvent) : { runId, status: 'RUNNING' };
}

/** What {@link awaitClose} saw. */
export interface AwaitedClose {
  readonly runId: string;
  /** Undefined while the run goes on. */
  readonly closeEvent: HistoryEvent | undefined;
}

/**
 * Waits for the event that closes a run, up to the given time.
 *
 * @throws WorkflowNotFoundError, InvalidArgumentError, NamespaceNotFoundError
 */
export async function awaitClose(context: EngineContext, request: ResultRequest): Promise<AwaitedClose> {
  const run = await resolveRun(context, request);
  const { runId } = run;
  const deadline = Date.now() + Math.min(request.waitMs ?? DEFAULTS.longPollMs, DEFAULTS.longPollMs);
  await context.notices.start();
  for (;;) {
    const notice = nextNotice(context, runId, deadline, request.signal, 'closed');
    try {
      const page = await readPage(context, run, 1, 1, 'c');
      const closeEvent = page.events[0];
      if (closeEvent) return { runId, closeEvent };
      if (deadline <= Date.now() || request.signal?.aborted) return { runId, closeEvent: undefined };
      const received = await notice.received;
      if (received?.kind === 'closed' && received.closeEvent) {
        return { runId, closeEvent: decodeEvent(received.closeEvent, received.eventId) };
      }
    } finally {
      notice.stop();
    }
  }
}

/** The end of a run that is about to be started: listening begins before the start, so that nothing is missed. */
interface ExpectedClose {
  /** Gives the outcome once the run has been started with `waiter` set: without asking, if its notice comes. */
  outcome(run: RunAddress): Promise<WorkflowOutcome>;
  /** For a start that did not come about. */
  forget(): void;
}

/** Begins to listen for the close of the run that will have this id. */
export async function expectClose(context: EngineContext, runId: string): Promise<ExpectedClose> {
  await context.notices.start();
  let received: (notice: Notice) => void = () => undefined;
  const closed = new Promise<Notice>((resolve) => (received = resolve));
  const forget = context.notices.listen(runId, (notice) => {
    if (notice.kind === 'closed') received(notice);
  });
  return {
    forget,
    async outcome(run) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<undefined>(
        (resolve) => (timer = setTimeout(() => resolve(undefined), LOOK_AGAIN_MS)),
      );
      const notice = await Promise.race([closed, late]);
      clearTimeout(timer);
      forget();
      if (notice?.kind === 'closed' && notice.closeEvent) {
        return outcomeOf(runId, decodeEvent(notice.closeEvent, notice.eventId));
      }
      return getResult(context, run);
    },
  };
}

interface RunPage {
  readonly status: ExecutionStatus;
  readonly historyLength: number;
  readonly events: readonly HistoryEvent[];
  readonly taskQueue: string;
}

async function readPage(
  context: EngineContext,
  run: RunAddress,
  from: number,
  most: number,
  wait: 'e' | 'c' | '',
): Promise<RunPage> {
  const reply = await readScript(context.run, {
    executionKey: run.execution,
    replacedKey: run.replaced,
    historyKey: run.history,
    runId: run.runId,
    from,
    most,
    wait,
  });
  if (reply[0] === 0) throw new WorkflowNotFoundError(run.workflowId, run.runId);
  const [, status, historyLength, events, taskQueue] = reply;
  const first = wait === 'c' ? historyLength : from;
  return {
    status: executionStatusFromCode(Number(status)) ?? 'RUNNING',
    historyLength,
    taskQueue: queueOfRoute(taskQueue.toString()),
    events: events.map((bytes, index) => decodeEvent(bytes, first + index)),
  };
}

/** The next notice about a run, or undefined when it is time to look again. */
function nextNotice(
  context: EngineContext,
  runId: string,
  deadlineMs: number,
  signal: AbortSignal | undefined,
  kind?: Notice['kind'],
): { readonly received: Promise<Notice | undefined>; stop(): void } {
  let finish: (notice: Notice | undefined) => void = () => undefined;
  const received = new Promise<Notice | undefined>((resolve) => (finish = resolve));
  const stopListening = context.notices.listen(runId, (notice) => {
    if (kind === undefined || notice.kind === kind) finish(notice);
  });
  const timer = setTimeout(
    () => finish(undefined),
    Math.max(0, Math.min(deadlineMs - Date.now(), LOOK_AGAIN_MS)),
  );
  const onAbort = (): void => finish(undefined);
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    received,
    stop() {
      stopListening();
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      finish(undefined);
    },
  };
}

/** How a run ended, by its close event. */
function outcomeOf(runId: string, event: HistoryEvent): WorkflowOutcome {
  switch (event.eventType) {
    case 'WorkflowExecutionCompleted':
      return { runId, status: 'COMPLETED', result: event.attributes.result ?? [] };
    case 'WorkflowExecutionFailed':
      return { runId, status: 'FAILED', failure: event.attributes.failure };
    case 'WorkflowExecutionCanceled':
      return { runId, status: 'CANCELED', details: event.attributes.details ?? [] };
    case 'WorkflowExecutionTerminated':
      return {
        runId,
        status: 'TERMINATED',
        reason: event.attributes.reason ?? '',
        details: event.attributes.details ?? [],
      };
    case 'WorkflowExecutionTimedOut':
      return { runId, status: 'TIMED_OUT' };
    case 'WorkflowExecutionContinuedAsNew':
      return { runId, status: 'CONTINUED_AS_NEW', newRunId: event.attributes.newExecutionRunId };
    default:
      return { runId, status: 'RUNNING' };
  }
}

function positive(field: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 1)) return value;
  throw new InvalidArgumentError(field, 'must be an integer, 1 or more');
}
