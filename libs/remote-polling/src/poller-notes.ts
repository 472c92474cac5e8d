import { notePollers } from '@tidewheel/engine';
import type { EngineContext } from '@tidewheel/engine';
import type { PolledQueue } from './polled-queue.js';

/** How often pollers are noted that were noted before. */
const NOTE_AGAIN_MS = 30_000;

/** Who polls one queue through this process, noted where all processes see it: to the store, the process is the poller. */
export class PollerNotes {
  /** When each identity last polled, of those that did since they were noted. */
  private polledMs = new Map<string, number>();
  /** When each identity was noted. */
  private readonly notedMs = new Map<string, number>();

  constructor(
    private readonly context: EngineContext,
    private readonly queue: PolledQueue,
  ) {}

  /** Somebody polls. */
  polled(identity: string): void {
    // A sticky queue has one poller, and nobody asks who.
    if (this.queue.kind !== 'sticky') this.polledMs.set(identity, Date.now());
  }

  /** Notes who is new, and now and then the others. */
  turn(nowMs: number): void {
    const { polledMs, notedMs } = this;
    const { kind, namespace, name: taskQueue } = this.queue;
    const isDue = (identity: string): boolean => nowMs - (notedMs.get(identity) ?? 0) > NOTE_AGAIN_MS;
    if (kind === 'sticky' || ![...polledMs.keys()].some(isDue)) return;
    for (const identity of notedMs.keys()) if (isDue(identity)) notedMs.delete(identity);
    for (const identity of polledMs.keys()) notedMs.set(identity, nowMs);
    this.polledMs = new Map();
    // For information only: what cannot be noted now is noted later.
    notePollers(this.context, { kind, namespace, taskQueue, polledMs }).catch(() => undefined);
  }
}
