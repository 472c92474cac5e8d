import type { WorkerKeys } from '@tidewheel/store';

/** Keys of a namespace's workers, as the scripts take them. */
export function registryKeys({ records, expiries, index }: WorkerKeys): {
  readonly recordsKey: string;
  readonly expiriesKey: string;
  readonly indexKey: string;
} {
  return { recordsKey: records, expiriesKey: expiries, indexKey: index };
}
