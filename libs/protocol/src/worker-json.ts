import { z } from 'zod';
import { durationText, timestamp } from './scalars.js';
import { deploymentVersionJson } from './versioning-json.js';

const slotsJson = z
  .strictObject({
    currentAvailableSlots: z
      .int()
      .optional()
      .meta({ description: 'Absent when slots are given out by what the host can bear.' }),
    currentUsedSlots: z.int(),
    slotSupplierKind: z.string().meta({ examples: ['Fixed', 'ResourceBased'] }),
    totalProcessedTasks: z.int().meta({ description: 'Since the worker started, whatever came of them.' }),
    totalFailedTasks: z.int(),
    lastIntervalProcessedTasks: z.int().meta({ description: 'Since the heartbeat before.' }),
    lastIntervalFailureTasks: z.int(),
  })
  .meta({ id: 'WorkerSlotsInfo' });

const pollersJson = z
  .strictObject({
    currentPollers: z.int(),
    lastSuccessfulPollTime: timestamp.optional(),
    isAutoscaling: z.boolean(),
  })
  .meta({ id: 'WorkerPollerInfo' });

const typeNames = z.array(z.string()).optional();

/** What the registry knows of a worker. */
export const workerJson = z
  .strictObject({
    workerInstanceKey: z.string().meta({ description: 'Unique among all workers.' }),
    workerIdentity: z.string(),
    namespace: z.string(),
    taskQueue: z.string(),
    transport: z.enum(['REDIS', 'GRPC', 'REST']).optional().meta({
      description: 'How it gets its tasks: from Redis by itself, or through the API over gRPC or REST.',
    }),
    status: z.enum(['RUNNING', 'SHUTTING_DOWN', 'SHUTDOWN']),
    hostInfo: z.strictObject({
      hostName: z
        .string()
        .meta({ description: 'Empty, like the other texts, when the worker does not say.' }),
      processId: z.string(),
      workerGroupingKey: z.string().optional(),
      currentHostCpuUsage: z.number().optional().meta({ description: 'From 0 to 1.' }),
      currentHostMemUsage: z.number().optional().meta({ description: 'From 0 to 1.' }),
    }),
    sdkName: z.string(),
    sdkVersion: z.string(),
    deploymentVersion: deploymentVersionJson.optional(),
    startTime: timestamp,
    heartbeatTime: timestamp.meta({
      description: 'When it last said what it does; of one that does not, when its latest poll was seen.',
    }),
    elapsedSinceLastHeartbeat: durationText,
    timeLag: durationText.meta({
      description: 'How long ago its latest heartbeat was, by the clocks of both.',
    }),
    kinds: z.array(z.enum(['workflow', 'activity', 'nexus', 'localActivity'])),
    workflowTypes: typeNames.meta({ description: 'Absent when the worker does not say.' }),
    activityTypes: typeNames.meta({ description: 'Absent when the worker does not say.' }),
    workflowTaskSlotsInfo: slotsJson.optional(),
    activityTaskSlotsInfo: slotsJson.optional(),
    nexusTaskSlotsInfo: slotsJson.optional(),
    localActivitySlotsInfo: slotsJson.optional(),
    workflowPollerInfo: pollersJson.optional(),
    workflowStickyPollerInfo: pollersJson.optional(),
    activityPollerInfo: pollersJson.optional(),
    nexusPollerInfo: pollersJson.optional(),
    currentStickyCacheSize: z.int().optional(),
    totalStickyCacheHit: z.int().optional(),
    totalStickyCacheMiss: z.int().optional(),
    totalStickyCacheEviction: z.int().optional(),
    plugins: z.array(z.strictObject({ name: z.string(), version: z.string() })).optional(),
  })
  .meta({ id: 'WorkerInfo' });
