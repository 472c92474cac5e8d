import { WorkflowNotFoundError } from '@tidewheel/core';
import type { EngineContext, RunAddress } from '@tidewheel/engine';

/** What never changes about a run. */
export interface RunFacts {
  readonly workflowType: string;
  readonly taskQueue: string;
}

const REMEMBERED_RUNS = 10_000;
const known = new Map<string, RunFacts>();

/**
 * The type and task queue of a run; remembered for the runs asked for last, since a worker that caches an execution is
 * sent task after task of it.
 *
 * @throws WorkflowNotFoundError
 */
export async function runFacts(context: EngineContext, run: RunAddress): Promise<RunFacts> {
  const found = known.get(run.runId) ?? (await readFacts(context, run));
  rememberRun(run.runId, found);
  return found;
}

/** Saves {@link runFacts} from asking for what has just been seen. */
export function rememberRun(runId: string, facts: RunFacts): void {
  known.delete(runId);
  known.set(runId, facts);
  if (known.size > REMEMBERED_RUNS) known.delete(known.keys().next().value as string);
}

async function readFacts(context: EngineContext, run: RunAddress): Promise<RunFacts> {
  for (const key of [run.execution, run.replaced]) {
    const [runId, workflowType, taskQueue] = await context.redis.hmget(key, 'r', 'ty', 'q');
    if (runId === run.runId) return { workflowType: workflowType ?? '', taskQueue: taskQueue ?? '' };
  }
  throw new WorkflowNotFoundError(run.workflowId, run.runId);
}
