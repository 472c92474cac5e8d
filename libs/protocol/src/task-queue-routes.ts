import { z } from 'zod';
import type { Route } from './route.js';
import { nothing } from './route.js';
import { durationText, identifier, namespaceName, timestamp } from './scalars.js';

const statsJson = z
  .strictObject({
    backlog: z.int().meta({ description: 'Tasks that wait for a worker.' }),
    oldest: durationText.meta({ description: 'Age of the task that waits longest; 0s when none waits.' }),
    pollers: z.array(z.strictObject({ identity: z.string(), lastAccessTime: timestamp })),
  })
  .meta({ id: 'TaskQueueStats' });

/** Describes a task queue. */
export const describeTaskQueue = {
  method: 'get',
  path: '/api/v1/namespaces/{namespace}/task-queues/{taskQueue}',
  operationId: 'describeTaskQueue',
  tag: 'Task queues',
  summary: 'Describe a task queue: what waits, and who polls',
  description: 'Task queues come into being when they are used; one that nobody ever used is empty.',
  params: z.strictObject({ namespace: namespaceName, taskQueue: identifier('Name of the task queue.') }),
  query: nothing,
  bodyRequired: false,
  success: {
    status: 200,
    description: 'Its state, over all partitions.',
    schema: z
      .strictObject({
        namespace: z.string(),
        taskQueue: z.string(),
        workflow: statsJson,
        activity: statsJson,
      })
      .meta({ id: 'TaskQueueDescription' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;
