import { WorkflowNotFoundError } from '@tidewheel/core';
import { resetSticky } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import { resolveRun } from '../read-history.js';
import type { ExecutionAddress } from '../requests.js';

/**
 * Sends the next workflow tasks of a running execution to its task queue, instead of to the worker that caches it.
 *
 * @throws WorkflowNotFoundError when there is none that is running
 */
export async function resetStickyTaskQueue(context: EngineContext, address: ExecutionAddress): Promise<void> {
  const { execution, runId } = await resolveRun(context, address);
  const [code] = await resetSticky(context.run, { executionKey: execution, runId });
  if (code === 0) {
    throw new WorkflowNotFoundError(
      address.workflowId,
      address.runId,
      `workflow execution "${address.workflowId}" is not running`,
    );
  }
}
