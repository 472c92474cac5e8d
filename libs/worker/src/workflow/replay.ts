import { encodeEvent, packEvents } from '@tidewheel/codec';
import type { HistoryEvent, HistoryEventOf } from '@tidewheel/core';
import { isEventOf } from '@tidewheel/core';
import type { ActivationRequest } from './activation-request.js';
import { bundleWorkflowCode, loadWorkflowBundle } from './bundle/workflow-bundle.js';
import type { BundleWorkflowOptions, WorkflowBundleOption } from './bundle/workflow-bundle.js';
import { WorkflowRuntime } from './threads/workflow-runtime.js';

/** The code to replay with: sources, or a bundle made ahead of time. */
export type ReplayWorkerOptions = (
  BundleWorkflowOptions | { readonly workflowBundle: WorkflowBundleOption }
) & {
  readonly namespace?: string;
  readonly workflowId?: string;
  /** Run that the history is of: it seeds random numbers. Default: what the history says of it, if it does. */
  readonly runId?: string;
  /** Longest time for the replay of one workflow task's part of the history. Default: 5 s. */
  readonly isolateExecutionTimeoutMs?: number;
};

/** The code does not do what the history shows. Thrown by {@link runReplayHistory}; the message names event and command. */
export class DeterminismViolationError extends Error {
  override readonly name = 'DeterminismViolationError';
}

/** The code cannot replay the history for a reason other than non-determinism: it threw, or a type is missing. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}

/**
 * Replays a history against workflow code: the test that a change of the code is safe for runs that are under way.
 *
 * @throws DeterminismViolationError when the code gives other commands than the history shows
 * @throws ReplayError when the code fails in another way
 */
export async function runReplayHistory(
  options: ReplayWorkerOptions,
  history: readonly HistoryEvent[],
): Promise<void> {
  const bundle =
    'workflowBundle' in options
      ? await loadWorkflowBundle(options.workflowBundle)
      : await bundleWorkflowCode(options);
  const runtime = await WorkflowRuntime.create({
    bundle,
    threads: 1,
    maxCachedWorkflows: 1,
    maxCachedBytes: Number.MAX_SAFE_INTEGER,
    isolateExecutionTimeoutMs: options.isolateExecutionTimeoutMs ?? 5_000,
  });
  try {
    const result = await runtime.activate(replayRequest(options, history));
    if (result.kind !== 'failed') return;
    const { message } = result.failure;
    if (result.cause === 'NON_DETERMINISTIC_ERROR') throw new DeterminismViolationError(message);
    throw new ReplayError(message);
  } finally {
    await runtime.close();
  }
}

/** A direct query for nothing: everything that completed is replayed, and what is under way is left alone. */
function replayRequest(options: ReplayWorkerOptions, history: readonly HistoryEvent[]): ActivationRequest {
  const [first] = history;
  if (!first || !isEventOf(first, 'WorkflowExecutionStarted')) {
    throw new ReplayError('the history does not begin with WorkflowExecutionStarted');
  }
  const { attributes }: HistoryEventOf<'WorkflowExecutionStarted'> = first;
  return {
    namespace: options.namespace ?? 'default',
    workflowId: options.workflowId ?? 'replay',
    runId: options.runId ?? attributes.originalExecutionRunId ?? REPLAY_RUN_ID,
    taskQueue: attributes.taskQueue,
    attempt: 1,
    startedEventId: 0,
    previousStartedEventId: 0,
    firstEventId: 1,
    packedEvents: packEvents(history.map(encodeEvent)),
    queries: [],
    isQueryOnly: true,
  };
}

const REPLAY_RUN_ID = '00000000-0000-4000-8000-000000000000';
