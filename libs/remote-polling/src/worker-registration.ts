import { InvalidArgumentError } from '@tidewheel/core';
import { encodeToken, parseToken } from './tokens.js';

/** What a worker says of itself once, and every poll of it is held against. */
export interface WorkerRegistration {
  readonly namespace: string;
  /** Written into the events of what it starts. */
  readonly identity: string;
  /** Names one worker among all, also those of the same identity. */
  readonly workerInstanceKey: string;
  readonly taskQueue: string;
  /** Where it runs and what it is made with; '' when it does not say. */
  readonly hostName: string;
  readonly processId: string;
  readonly sdkName: string;
  readonly sdkVersion: string;
  /** When it registered, milliseconds since the epoch. */
  readonly startTimeMs: number;
  /** Types of the workflows that it can decide for; none: it gets no workflow tasks. */
  readonly workflowTypes: readonly string[];
  /** Types of the activities that it can run; none: it gets no activity tasks. */
  readonly activityTypes: readonly string[];
}

/**
 * The registration as a token that the worker shows with every poll: any process can serve it, and none has to remember
 * it.
 */
export function encodeWorkerToken(registration: WorkerRegistration): Buffer {
  const { workflowTypes, activityTypes } = registration;
  return encodeToken('r', [
    registration.namespace,
    registration.identity,
    registration.workerInstanceKey,
    registration.taskQueue,
    registration.hostName,
    registration.processId,
    registration.sdkName,
    registration.sdkVersion,
    registration.startTimeMs,
    workflowTypes.length,
    ...workflowTypes,
    ...activityTypes,
  ]);
}

/** @throws InvalidArgumentError when it is no token of a worker of this namespace */
export function decodeWorkerToken(bytes: Uint8Array, namespace: string): WorkerRegistration {
  const refusal = { field: 'workerToken', reason: 'is not what the registration of a worker answered' };
  const fields = parseToken(bytes, 'r', refusal);
  const registration = {
    namespace: fields.text(),
    identity: fields.text(),
    workerInstanceKey: fields.text(),
    taskQueue: fields.text(),
    hostName: fields.text(),
    processId: fields.text(),
    sdkName: fields.text(),
    sdkVersion: fields.text(),
    startTimeMs: fields.count(),
  };
  const workflowTypes = fields.count();
  const types = fields.rest();
  if (workflowTypes > types.length) throw new InvalidArgumentError(refusal.field, refusal.reason);
  if (registration.namespace !== namespace) {
    throw new InvalidArgumentError('workerToken', 'is of a worker of another namespace');
  }
  return {
    ...registration,
    workflowTypes: types.slice(0, workflowTypes),
    activityTypes: types.slice(workflowTypes),
  };
}
