import type { WorkerDeploymentVersion } from '@tidewheel/core';
import type { PolledStream } from '@tidewheel/polling';
import { pinnedRoute } from '@tidewheel/routing';
import type { Keyspace } from '@tidewheel/store';

/** A queue that polls wait for. */
export interface PolledQueue {
  readonly kind: 'workflow' | 'sticky' | 'activity';
  readonly namespace: string;
  readonly name: string;
  /** Of a sticky queue, the task queue of its worker; '' when the worker does not say. Otherwise the same as `name`. */
  readonly normalName: string;
  /** Of workers that get tasks by their version; absent for unversioned ones. */
  readonly version?: WorkerDeploymentVersion | undefined;
}

/** Tells one queue from all others. */
export function queueKey({ kind, namespace, name, version }: Omit<PolledQueue, 'normalName'>): string {
  return `${kind}:${namespace}:${version ? pinnedRoute(name, version) : name}`;
}

/** The streams of a queue, one for each partition. */
export function streamsOf(keys: Keyspace, { kind, namespace, name }: PolledQueue): PolledStream[] {
  return Array.from({ length: keys.partitions }, (_, partition) => ({
    partition,
    key:
      kind === 'sticky'
        ? keys.stickyStream(partition, namespace, name)
        : keys.taskStream(partition, kind, namespace, name),
  }));
}
