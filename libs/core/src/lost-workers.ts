/** A worker process that had a task and said nothing of it until its time was over. */
export interface LostWorker {
  /** Number of the process; each start of a program has another. */
  readonly worker: number;
  /** Name of the process. */
  readonly identity: string;
  /** When the task's time was over, milliseconds since the epoch. */
  readonly atMs: number;
  /** Its process was found to have gone; left out while that is not known. */
  readonly gone?: true;
}

/** What is to be done with a task whose time was over without a word of its worker. */
export type LostWorkerVerdict =
  /** It is tried again; those in `lost` are or may be lost with it. */
  | { readonly kind: 'retry'; readonly lost: readonly LostWorker[] }
  /** So many may be lost that it matters whether all are, and that is not known yet: ask again soon. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'quarantine'; readonly lost: readonly LostWorker[] };

/** What {@link judgeLostWorkers} decides by. */
interface LostWorkerFacts {
  /** Noted before, the oldest first. */
  readonly noted: readonly LostWorker[];
  /** Who had it last; undefined when that is not known. */
  readonly last: LostWorker | undefined;
  /** When a process was last seen, milliseconds since the epoch; undefined for one that is not known. */
  readonly lastSeenMs: (worker: number) => number | undefined;
  readonly nowMs: number;
  /** A process not seen for this long has gone, in milliseconds. */
  readonly absentMs: number;
  /** For this long it is known when a process was last seen, in milliseconds. */
  readonly rememberedMs: number;
  /** So many lost workers in a row are too many; 0: there is no such number. */
  readonly most: number;
}

/**
 * Decides whether a task is tried again whose worker said nothing until its time was over. Only workers whose process has
 * gone count, and only those in a row: one that was seen after its task's time was over has lived on, and clears it. One of
 * which nothing is known any more, and that was not found to have gone before, does not count.
 */
export function judgeLostWorkers(facts: LostWorkerFacts): LostWorkerVerdict {
  const { noted, last, lastSeenMs, nowMs, absentMs, rememberedMs, most } = facts;
  if (!last || most === 0) return { kind: 'retry', lost: noted };
  let lost: LostWorker[] = [];
  for (const one of [...noted, last]) {
    const seenMs = lastSeenMs(one.worker) ?? 0;
    if (seenMs > one.atMs) {
      lost = [];
      continue;
    }
    if (!one.gone && seenMs === 0 && one.atMs < nowMs - rememberedMs) continue;
    lost.push(seenMs < nowMs - absentMs ? { ...one, gone: true } : one);
  }
  if (lost.length < most) return { kind: 'retry', lost };
  return lost.every(({ gone }) => gone) ? { kind: 'quarantine', lost } : { kind: 'wait' };
}
