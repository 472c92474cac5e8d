import {
  decodeFailure,
  decodePayloads,
  encodeFailure,
  encodePayloadMap,
  encodePayloads,
} from '@tidewheel/codec';
import {
  DEFAULTS,
  DeadlineExceededError,
  executionStatusFromCode,
  isClosedStatus,
  NoPollerError,
  QueryFailedError,
  WorkflowNotFoundError,
  WorkflowNotReadyError,
} from '@tidewheel/core';
import type { QueryAnswer } from '@tidewheel/core';
import { queueOfRoute } from '@tidewheel/routing';
import { answerQuery as answerScript, createQuery } from '@tidewheel/store';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { pollersOf } from './describe-task-queue.js';
import type { EngineContext, RunAddress } from './engine-context.js';
import { routeStreams } from './engine-context.js';
import { resolveRun } from './read-history.js';
import { checkPayloadMap, checkPayloads, requireIdentifier } from './request-checks.js';
import type { QueryWorkflowRequest, QueryWorkflowResponse } from './requests.js';

const DEFAULT_TIMEOUT_MS = 10_000;
/** How long one asking is given before the query is asked again, passing by a worker that may be gone. */
const ASK_AGAIN_MS = 4_000;
/** How often a query looks whether a worker has come. */
const POLLER_LOOK_MS = 200;
/** How long question and answer are kept. */
const KEEP_MS = 60_000;

/** @throws QueryFailedError, WorkflowNotReadyError, NoPollerError, DeadlineExceededError, WorkflowNotFoundError */
export async function queryWorkflow(
  context: EngineContext,
  request: QueryWorkflowRequest,
): Promise<QueryWorkflowResponse> {
  requireIdentifier('queryType', request.queryType);
  checkPayloads('queryArgs', request.queryArgs);
  checkPayloadMap('header', request.header);
  const run = await resolveRun(context, request);
  await context.notices.start();
  const deadline = Date.now() + (request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  let passSticky = false;
  while (Date.now() < deadline) {
    const state = await readState(context, run);
    const rejected = rejects(request, state.status);
    if (rejected) return { rejected: true, status: state.status };
    await waitForPoller(context, run, state, deadline);
    const queryId = randomUUID();
    const waiting = waitForAnswer(context, queryId, Math.min(ASK_AGAIN_MS, deadline - Date.now()));
    try {
      await ask(context, run, queryId, request, state, passSticky);
      await waiting.answered;
    } finally {
      waiting.stop();
    }
    const answer = await readAnswer(context, run, queryId);
    if (answer) {
      if (answer.answered) return { rejected: false, result: answer.result ? [answer.result] : [] };
      throw new QueryFailedError(answer.errorMessage, answer.failure && { cause: answer.failure });
    }
    passSticky = true;
  }
  throw new DeadlineExceededError(
    `query "${request.queryType}" of workflow execution "${request.workflowId}"`,
  );
}

/** Leaves the answer of a query for whoever asked. False when nobody waits for it any more. */
export async function answerQuery(
  context: EngineContext,
  partition: number,
  queryId: string,
  answer: QueryAnswer,
): Promise<boolean> {
  if (partition >= context.keys.partitions) return false;
  const value = answer.answered
    ? encodePayloads(answer.result ? [answer.result] : [])
    : encodeFailure(answer.failure ?? { message: answer.errorMessage });
  const [code] = await answerScript(context.run, {
    queryKey: context.keys.query(partition, queryId),
    notifyKey: context.keys.partition(partition).notify,
    queryId,
    outcome: answer.answered ? 'r' : 'f',
    answer: value,
    keepMs: KEEP_MS,
  });
  return code === 1;
}

type RunState = {
  readonly status: ReturnType<typeof statusOf>;
  readonly taskQueue: string;
  readonly sticky: string;
};

function statusOf(code: string | null | undefined): NonNullable<ReturnType<typeof executionStatusFromCode>> {
  return executionStatusFromCode(Number(code)) ?? 'RUNNING';
}

async function readState(context: EngineContext, run: RunAddress): Promise<RunState> {
  for (const key of [run.execution, run.replaced]) {
    const [runId, status, taskQueue, sticky] = await context.redis.hmget(key, 'r', 's', 'q', 'k');
    if (runId === run.runId)
      return { status: statusOf(status), taskQueue: taskQueue ?? '', sticky: sticky ?? '' };
  }
  throw new WorkflowNotFoundError(run.workflowId, run.runId);
}

function rejects(request: QueryWorkflowRequest, status: RunState['status']): boolean {
  switch (request.rejectCondition ?? 'NONE') {
    case 'NONE':
      return false;
    case 'NOT_OPEN':
      return isClosedStatus(status);
    case 'NOT_COMPLETED_CLEANLY':
      return isClosedStatus(status) && status !== 'COMPLETED';
  }
}

/**
 * Waits until somebody polls the run's task queue: a worker may just be starting.
 *
 * @throws NoPollerError when nobody does in time
 */
async function waitForPoller(
  context: EngineContext,
  run: RunAddress,
  state: RunState,
  deadline: number,
): Promise<void> {
  const { normalStreamKey: stream } = routeStreams(context, run, { taskQueue: state.taskQueue, sticky: '' });
  for (;;) {
    const nowMs = Date.now();
    const pollers = await pollersOf(context, stream, nowMs);
    if (pollers.some(({ lastAccessTimeMs }) => nowMs - lastAccessTimeMs <= DEFAULTS.queryPollerMs)) return;
    if (nowMs + POLLER_LOOK_MS >= deadline) throw new NoPollerError(queueOfRoute(state.taskQueue));
    await sleep(POLLER_LOOK_MS);
  }
}

async function ask(
  context: EngineContext,
  run: RunAddress,
  queryId: string,
  request: QueryWorkflowRequest,
  state: RunState,
  passSticky: boolean,
): Promise<void> {
  let route = { taskQueue: state.taskQueue, sticky: state.sticky };
  for (;;) {
    const reply = await createQuery(context.run, {
      executionKey: run.execution,
      replacedKey: run.replaced,
      queryKey: context.keys.query(run.partition, queryId),
      ...routeStreams(context, run, route),
      member: run.member,
      runId: run.runId,
      queryId,
      queryType: request.queryType,
      input: encodePayloads(request.queryArgs ?? []),
      header: request.header ? encodePayloadMap(request.header) : '',
      taskQueue: route.taskQueue,
      sticky: passSticky ? 'none' : route.sticky,
      keepMs: KEEP_MS,
    });
    if (reply[0] === 1) return;
    if (reply[0] === -1) route = { taskQueue: reply[1].toString(), sticky: reply[2].toString() };
    else if (reply[0] === 3) {
      throw new WorkflowNotReadyError(
        `workflow execution "${run.workflowId}" cannot answer: its workflow task is failing, attempt ${reply[1]}`,
      );
    } else throw new WorkflowNotFoundError(run.workflowId, run.runId);
  }
}

/** Resolves when the answer is there, the time is over, or somebody stops it. */
function waitForAnswer(
  context: EngineContext,
  queryId: string,
  mostMs: number,
): { readonly answered: Promise<void>; stop(): void } {
  let stop = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    const stopListening = context.notices.listen(queryId, () => stop());
    const timer = setTimeout(() => stop(), mostMs);
    stop = () => {
      clearTimeout(timer);
      stopListening();
      resolve();
    };
  });
  return { answered, stop: () => stop() };
}

async function readAnswer(
  context: EngineContext,
  run: RunAddress,
  queryId: string,
): Promise<QueryAnswer | undefined> {
  const [outcome, value] = await context.redis.hmgetBuffer(
    context.keys.query(run.partition, queryId),
    'o',
    'v',
  );
  if (!outcome || !value) return undefined;
  if (outcome.toString() === 'r') return { answered: true, result: decodePayloads(value)[0] };
  const failure = decodeFailure(value);
  return { answered: false, errorMessage: failure.message, failure };
}
