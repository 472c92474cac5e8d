import type { PolledStream } from '@tidewheel/polling';
import type { Keyspace } from '@tidewheel/store';

/** A queue that polls wait for. */
export interface PolledQueue {
  readonly kind: 'workflow' | 'sticky' | 'activity';
  readonly namespace: string;
  readonly name: string;
  /** Of a sticky queue, the task queue of its worker; '' when the worker does not say. Otherwise the same as `name`. */
  readonly normalName: string;
}

/** Tells one queue from all others. */
export function queueKey({ kind, namespace, name }: Omit<PolledQueue, 'normalName'>): string {
  return `${kind}:${namespace}:${name}`;
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
