import { ActivityTaskNotFoundError, WorkflowTaskNotFoundError } from '@tidewheel/core';
import type { EngineContext } from '@tidewheel/engine';
import { Keyspace } from '@tidewheel/store';
import { activityAttemptOf, workflowTaskOf } from './reported-tasks.js';
import type { ActivityTaskToken, WorkflowTaskToken } from './tokens.js';

// The functions look at nothing else of a context.
const context = { keys: new Keyspace(4) } as EngineContext;
const run = { namespace: 'default', workflowId: 'order', runId: 'r' };

describe('a reported task', () => {
  it('is in the partition that its token names, wherever a new execution of its id would go', () => {
    for (const partition of [0, 1, 2, 3]) {
      const task = workflowTaskOf(context, { ...run, partition } as WorkflowTaskToken);
      expect(task.run).toMatchObject({ partition, execution: `tw:{${partition}}:x:default:order` });
      const attempt = activityAttemptOf(context, { ...run, partition } as ActivityTaskToken);
      expect(attempt.run).toMatchObject({ partition, history: `tw:{${partition}}:h:r` });
    }
  });

  it('is not found when its token names a partition that there is not', () => {
    const partition = 4;
    expect(() => workflowTaskOf(context, { ...run, partition } as WorkflowTaskToken)).toThrow(
      WorkflowTaskNotFoundError,
    );
    expect(() => activityAttemptOf(context, { ...run, partition } as ActivityTaskToken)).toThrow(
      ActivityTaskNotFoundError,
    );
  });
});
