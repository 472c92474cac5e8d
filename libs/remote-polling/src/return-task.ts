import type { Logger } from '@tidewheel/common';
import { returnActivity, returnQuery, returnWorkflowTask } from '@tidewheel/engine';
import type { EngineContext } from '@tidewheel/engine';
import type { PolledTask } from './poll.js';

/** Gives a claimed task back whose poller did not get it, so that another does it at once. Never rejects. */
export async function returnTask(context: EngineContext, polled: PolledTask, logger: Logger): Promise<void> {
  try {
    switch (polled.kind) {
      case 'workflowTask': {
        const { run, taskQueue, stamp, queries } = polled.task;
        await returnWorkflowTask(context, run, taskQueue, stamp, queries);
        return;
      }
      case 'query':
        await returnQuery(context, polled.streamKey, polled.entry);
        return;
      case 'activityTask':
        await returnActivity(context, polled.task);
    }
  } catch (error) {
    // Its timeout gives it to another.
    logger.warn('a task whose poller has gone could not be given back', {
      kind: polled.kind,
      error: String(error),
    });
  }
}
