import { toCommand } from '@tidewheel/protocol';
import type { WorkerService } from '../engine-gate.js';
import type { HandlerContext, Handlers } from '../http/mount.js';
import { activityTaskToJson, queryAnswerOf, tokenToJson, workflowTaskToJson } from './worker-json.js';

/** How long a poll waits that does not say, in milliseconds. */
const POLL_MS = 20_000;
/** A poll in the hub ends this long before its deadline. */
const ANSWER_BUDGET_MS = 1_000;

type WorkerRouteName =
  | 'registerWorker'
  | 'pollActivityTask'
  | 'pollWorkflowTask'
  | 'heartbeatActivityTask'
  | 'completeActivityTask'
  | 'failActivityTask'
  | 'cancelActivityTask'
  | 'completeWorkflowTask'
  | 'failWorkflowTask'
  | 'completeQueryTask'
  | 'shutdownWorker';

/** Answers workers without an SDK. */
export const workerHandlers: Pick<Handlers, WorkerRouteName> = {
  async registerWorker({ params, body }, { ask }) {
    const { identity, taskQueue, workflowTypes = [], activityTypes = [], hostInfo = {} } = body;
    const { hostName = '', processId = '' } = hostInfo;
    const { sdkName = '', sdkVersion = '' } = body;
    const worker = { identity, taskQueue, hostName, processId, sdkName, sdkVersion };
    const registration = { ...params, ...worker, workflowTypes, activityTypes };
    const registered = await ask((_engine, workers) => workers.register(registration));
    return {
      workerToken: tokenToJson(registered.workerToken),
      workerInstanceKey: registered.workerInstanceKey,
    };
  },

  pollActivityTask: (request, context) =>
    polled(request, context, activityTaskToJson, (workers, address, limits) =>
      workers.pollActivityTask(address, limits),
    ),

  pollWorkflowTask: (request, context) =>
    polled(request, context, workflowTaskToJson, (workers, address, limits) =>
      workers.pollWorkflowTask(address, limits),
    ),

  async heartbeatActivityTask({ params, body }, { ask }) {
    const { taskToken, details = [] } = body;
    const { cancelRequested } = await ask((_engine, workers) =>
      workers.heartbeat({ ...params, taskToken }, details),
    );
    return { cancelRequested };
  },

  async completeActivityTask({ params, body }, { ask }) {
    const { result, ...address } = body;
    await ask((_engine, workers) =>
      workers.completeActivity({ ...params, ...address }, result ? [result] : []),
    );
    return {};
  },

  async failActivityTask({ params, body }, { ask }) {
    const { failure, ...address } = body;
    const { retries } = await ask((_engine, workers) =>
      workers.failActivity({ ...params, ...address }, failure),
    );
    return { retries };
  },

  async cancelActivityTask({ params, body }, { ask }) {
    const { details = [], ...address } = body;
    await ask((_engine, workers) => workers.cancelActivity({ ...params, ...address }, details));
    return {};
  },

  async completeWorkflowTask({ params, body }, { ask }) {
    const { commands = [], queryResults = {}, ...address } = body;
    const answers = Object.entries(queryResults).map(([id, result]) => [id, queryAnswerOf(result)] as const);
    const report = { commands: commands.map(toCommand), queryResults: Object.fromEntries(answers) };
    await ask((_engine, workers) => workers.completeWorkflowTask({ ...params, ...address }, report));
    return {};
  },

  async failWorkflowTask({ params, body }, { ask }) {
    const { cause = 'WORKFLOW_WORKER_UNHANDLED_FAILURE', failure, ...address } = body;
    await ask((_engine, workers) => workers.failWorkflowTask({ ...params, ...address }, cause, failure));
    return {};
  },

  async completeQueryTask({ params, body }, { ask }) {
    const { taskToken, ...answer } = body;
    await ask((_engine, workers) => workers.completeQuery({ ...params, taskToken }, queryAnswerOf(answer)));
    return {};
  },

  async shutdownWorker({ params, body }, { ask }) {
    const { workerToken, taskTokens = [] } = body;
    const returned = await ask((_engine, workers) =>
      workers.shutdown({ ...params, workerToken }, taskTokens),
    );
    return { returned };
  },
};

interface PollRequest {
  readonly params: { readonly namespace: string };
  readonly body: { readonly workerToken: Uint8Array; readonly wait?: number | undefined };
}

type PollArguments = Parameters<WorkerService['pollActivityTask']>;

/** Waits for a task, and sees to it that it goes back when the worker does not get it. */
async function polled<Handed extends { readonly giveBack: () => Promise<void> }, Json>(
  { params, body }: PollRequest,
  { ask, signal, onLost }: HandlerContext,
  toJson: (handed: Handed) => Json,
  poll: (workers: WorkerService, ...rest: PollArguments) => Promise<Handed | undefined>,
): Promise<Json | Record<string, never>> {
  const { workerToken, wait: waitMs = POLL_MS } = body;
  // Refused while it waits, for example because Redis is away, the poll must not get a task any more.
  const refused = new AbortController();
  const limits = {
    signal: AbortSignal.any([signal, refused.signal]),
    deadlineMs: Date.now() + waitMs + ANSWER_BUDGET_MS,
  };
  let handed: Handed | undefined;
  try {
    handed = await ask((_engine, workers) => poll(workers, { ...params, workerToken }, limits), waitMs);
  } catch (error) {
    refused.abort();
    throw error;
  }
  if (!handed) return {};
  const { giveBack } = handed;
  onLost(() => void giveBack());
  try {
    return toJson(handed);
  } catch (error) {
    await giveBack();
    throw error;
  }
}
