import { z } from 'zod';
import type { Route } from './route.js';
import { identifier, namespaceName, queryInteger, queryNumber } from './scalars.js';

const kindScalingJson = z
  .strictObject({
    backlog: z.int().meta({ description: 'Tasks that wait and were not started.' }),
    oldestMs: z.int().meta({ description: 'Age of the oldest of them in milliseconds; 0 when none waits.' }),
    inFlight: z.int().meta({ description: 'Tasks being run, as the workers last said.' }),
    pollers: z.int().meta({ description: 'Workers that take such tasks.' }),
    slots: z.int().meta({
      description: 'Tasks that they can run at once, as far as they have a fixed number of slots.',
    }),
    desired: z.int().meta({ description: 'Workers that are wanted.' }),
    versions: z
      .array(
        z.strictObject({
          deploymentName: z.string(),
          buildId: z.string(),
          backlog: z.int(),
          pollers: z.int(),
          inFlight: z.int(),
          slots: z.int(),
        }),
      )
      .meta({ description: 'The same by version; both names are empty for workers that have none.' }),
    registrationMismatches: z.int().meta({
      description: 'Registrations that are not those of the other workers of a version; 0 when all agree.',
    }),
  })
  .meta({ id: 'KindScaling' });

const workerNumber = (description: string) =>
  queryInteger(description, { min: 0, max: 1_000_000 }).optional();

/** Says how many workers a task queue wants. */
export const scaleTaskQueue = {
  method: 'get',
  path: '/api/v1/namespaces/{namespace}/task-queues/{taskQueue}/scaling',
  operationId: 'scaleTaskQueue',
  tag: 'Task queues',
  summary: 'How many workers a task queue wants, for autoscalers',
  description:
    'For each kind, `desired` is the backlog and what is in flight, divided by the tasks that one worker is to have, ' +
    'and never fewer workers than have the slots for what is in flight. Costs the same however much waits.',
  params: z.strictObject({ namespace: namespaceName, taskQueue: identifier('Name of the task queue.') }),
  query: z.strictObject({
    targetTasksPerWorker: queryNumber('Tasks that one worker is to have; default: as many as it has slots.', {
      above: 0,
      max: 1_000_000,
    }).optional(),
    minWorkers: workerNumber('Fewest workers; default 0.'),
    maxWorkers: workerNumber('Most workers, whatever there is to do; default 1,000,000.'),
  }),
  bodyRequired: false,
  success: {
    status: 200,
    description: 'What there is to do, and who does it.',
    schema: z
      .strictObject({
        namespace: z.string(),
        taskQueue: z.string(),
        desired: z.int().meta({ description: 'For workers that do both kinds: the larger of the two.' }),
        workflow: kindScalingJson,
        activity: kindScalingJson,
      })
      .meta({ id: 'TaskQueueScaling' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;
