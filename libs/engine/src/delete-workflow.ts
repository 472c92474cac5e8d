import { WorkflowNotFoundError } from '@tidewheel/core';
import { deleteExecution } from '@tidewheel/store';
import type { EngineContext, RunAddress } from './engine-context.js';
import { resolveRun } from './read-history.js';
import type { ExecutionAddress } from './requests.js';
import { terminateRun } from './terminate-workflow.js';

/** A run that was found running is closed when it is looked at again; it cannot be running more often than once. */
const MAX_ROUNDS = 2;

/**
 * Deletes a run with its history at once, the current one when the address names none; a running one is terminated first.
 *
 * @throws WorkflowNotFoundError, InvalidArgumentError, NamespaceNotFoundError
 */
export async function deleteWorkflow(context: EngineContext, address: ExecutionAddress): Promise<void> {
  const run = await resolveRun(context, address);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcome = await deleteRun(context, run);
    if (outcome === 'deleted') return;
    if (outcome === 'notFound') break;
    await terminateRun(context, run, { reason: 'terminated to be deleted' });
  }
  throw new WorkflowNotFoundError(run.workflowId, run.runId);
}

/** Deletes a run and all that belongs to it, unless it is running. */
export async function deleteRun(
  context: EngineContext,
  run: RunAddress,
): Promise<'deleted' | 'running' | 'notFound'> {
  const [code] = await deleteExecution(context.run, {
    executionKey: run.execution,
    replacedKey: run.replaced,
    historyKey: run.history,
    closedKey: context.keys.closed(run.partition, run.namespace),
    requestsKey: run.requests,
    runId: run.runId,
    runMember: run.runMember,
  });
  return code === 1 ? 'deleted' : code === 0 ? 'running' : 'notFound';
}
