import type { temporal } from '@temporalio/proto';
import { taskQueueKind } from './enums.js';

type TaskQueue = temporal.api.taskqueue.v1.ITaskQueue;

/** A queue that any worker of that name polls. */
export function normalTaskQueue(name: string): TaskQueue {
  return { name, kind: taskQueueKind.toProto('NORMAL') };
}

/** The queue of the one worker that caches an execution, whose own queue is `normalName`. */
export function stickyTaskQueue(name: string, normalName: string): TaskQueue {
  return { name, kind: taskQueueKind.toProto('STICKY'), normalName };
}
