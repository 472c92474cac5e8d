import { dispatchWorkflowTask } from '@tidewheel/store';
import type { EngineContext, RunAddress } from '../engine-context.js';
import { routeStreams } from '../engine-context.js';
import type { WorkflowTaskStamp } from './end-workflow-task.js';

/** Puts a workflow task whose back-off is over on its stream. False when it was no longer expected. */
export async function dispatchBackedOffWorkflowTask(
  context: EngineContext,
  run: RunAddress,
  taskQueue: string,
  stamp: WorkflowTaskStamp,
): Promise<boolean> {
  const reply = await dispatchWorkflowTask(context.run, {
    executionKey: run.execution,
    normalStreamKey: routeStreams(context, run, { taskQueue, sticky: '' }).normalStreamKey,
    member: run.member,
    runId: run.runId,
    scheduledId: stamp.scheduledEventId,
    attempt: stamp.attempt,
    taskQueue,
  });
  if (reply[0] === -1) return dispatchBackedOffWorkflowTask(context, run, reply[1].toString(), stamp);
  return reply[0] === 1;
}
