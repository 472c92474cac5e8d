import { burstFault, dispatchRateFault, LIMITS } from '@tidewheel/core';
import { z } from 'zod';
import type { Route } from './route.js';
import { nothing } from './route.js';
import { durationText, identifier, namespaceName, numberWithout, timestamp } from './scalars.js';
import { deploymentVersionJson } from './versioning-json.js';

const requestsPerSecond = z.number().meta({
  description: `Tasks a second, over all workers; ${LIMITS.unlimitedTasksPerSecond} and more is no limit.`,
});

const configJson = z
  .strictObject({
    queueRateLimit: z
      .strictObject({
        rateLimit: z.strictObject({ requestsPerSecond, burst: z.number().optional() }),
        metadata: z.strictObject({
          reason: z.string(),
          updateIdentity: z.string(),
          updateTime: timestamp,
        }),
      })
      .optional()
      .meta({ description: 'The dispatch rate that was set through the API; absent when none was.' }),
  })
  .meta({ id: 'TaskQueueConfig' });

const effectiveRateLimitJson = z
  .strictObject({
    requestsPerSecond,
    burst: z.number().optional().meta({ description: 'Permits that may pile up; absent without a limit.' }),
    rateLimitSource: z.enum(['API', 'WORKER', 'SYSTEM']).meta({
      description: 'Set through the API, asked for by a worker, or neither.',
    }),
  })
  .meta({ id: 'EffectiveRateLimit' });

const statsJson = z
  .strictObject({
    backlog: z.int().meta({ description: 'Tasks that wait for a worker.' }),
    oldest: durationText.meta({ description: 'Age of the task that waits longest; 0s when none waits.' }),
    pollers: z.array(
      z.strictObject({
        identity: z.string(),
        lastAccessTime: timestamp,
        workers: z
          .array(
            z.strictObject({
              workerInstanceKey: z.string(),
              deploymentVersion: deploymentVersionJson.optional(),
              sdkName: z.string(),
              sdkVersion: z.string(),
              currentUsedSlots: z.int().optional(),
              currentAvailableSlots: z.int().optional(),
              lastIntervalTasksPerSecond: z.number().optional().meta({
                description: 'Tasks that it ended each second between its two latest heartbeats.',
              }),
            }),
          )
          .meta({ description: 'The registered workers behind it.' }),
      }),
    ),
    registrationMismatches: z
      .array(
        z.strictObject({
          type: z.string(),
          registeredCount: z.int(),
          lackingCount: z.int(),
          lacking: z
            .array(z.strictObject({ workerInstanceKey: z.string(), workerIdentity: z.string() }))
            .meta({ description: 'The first twenty.' }),
        }),
      )
      .meta({
        description:
          'Types that some workers have registered and others of the same version lack. Normal for a while when new ' +
          'code is rolled out; otherwise tasks of the type fail over from worker to worker.',
      }),
    config: configJson,
    effectiveRateLimit: effectiveRateLimitJson,
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

/** Sets or removes the dispatch rate of a task queue. */
export const updateTaskQueueConfig = {
  method: 'post',
  path: '/api/v1/namespaces/{namespace}/task-queues/{taskQueue}/update-config',
  operationId: 'updateTaskQueueConfig',
  tag: 'Task queues',
  summary: 'Set or remove the dispatch rate of a task queue',
  description:
    'Activity tasks above the rate wait; none is refused. A rate set here goes before one that a worker asks for, which ' +
    'is in force again when this one is removed. Workers know of a change within some two seconds.',
  params: z.strictObject({ namespace: namespaceName, taskQueue: identifier('Name of the task queue.') }),
  query: nothing,
  body: z
    .strictObject({
      identity: identifier('Who asks; shown with the rate.').optional(),
      taskQueueType: z
        .enum(['ACTIVITY', 'WORKFLOW'])
        .optional()
        .meta({ description: 'Default ACTIVITY. Workflow tasks cannot have a rate.' }),
      updateQueueRateLimit: z.strictObject({
        rateLimit: z
          .strictObject({
            requestsPerSecond: numberWithout(dispatchRateFault).meta({
              description: 'Tasks a second, over all workers; greater than 0, fractions are fine.',
              exclusiveMinimum: 0,
            }),
            burst: numberWithout(burstFault).optional().meta({
              description: "Permits that may pile up; default one second's worth, at least 1.",
              minimum: 1,
              maximum: LIMITS.dispatchBurst,
            }),
          })
          .optional()
          .meta({ description: 'Left out, the rate is removed.' }),
        reason: z
          .string()
          .max(LIMITS.reasonLength, { error: `must have at most ${LIMITS.reasonLength} characters` })
          .optional()
          .meta({ description: 'Why, for people; shown with the rate.' }),
      }),
    })
    .meta({ id: 'UpdateTaskQueueConfigRequest' }),
  bodyRequired: true,
  success: {
    status: 200,
    description: 'What is set now, and what is in force.',
    schema: z
      .strictObject({ config: configJson, effectiveRateLimit: effectiveRateLimitJson })
      .meta({ id: 'UpdateTaskQueueConfigResponse' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;
