import type { HistoryEvent } from '@tidewheel/core';

/** What the engine has acknowledged and refused, by tokens that must be, or must not be, in the histories. */
export class Ledger {
  /** Tokens of which at least one report was acknowledged: each stands in the run's history exactly once. */
  private readonly acknowledged = new Map<string, string>();
  /** Tokens whose every report was refused: none stands in a history. */
  private readonly refused = new Map<string, string>();
  private readonly runIds = new Set<string>();
  /** Runs of which a termination was acknowledged. */
  private readonly terminated = new Set<string>();
  /** How often what happened, for whoever wants to know that the simulation did something. */
  readonly counts: Record<string, number> = {};

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  started(runId: string): void {
    this.runIds.add(runId);
    this.count('started');
  }

  terminatedRun(runId: string): void {
    this.terminated.add(runId);
    this.count('terminated');
  }

  acknowledge(what: string, runId: string, token: string): void {
    this.acknowledged.set(token, runId);
    this.count(what);
  }

  refuse(what: string, runId: string, token: string): void {
    this.refused.set(token, runId);
    this.count(`${what} refused`);
  }

  get runs(): ReadonlySet<string> {
    return this.runIds;
  }

  /**
   * Compares the histories of all runs with what was acknowledged and refused.
   *
   * @param lossy whether replies were lost: then what was refused the second time may have been done the first time
   */
  compare(histories: ReadonlyMap<string, readonly HistoryEvent[]>, lossy: boolean): string[] {
    const found: string[] = [];
    const places = new Map<string, string[]>();
    for (const [runId, events] of histories) {
      for (const event of events) {
        const token = tokenOf(event);
        if (token !== undefined)
          places.set(token, [...(places.get(token) ?? []), `${runId}/${event.eventId}`]);
      }
      const terminated = events.at(-1)?.eventType === 'WorkflowExecutionTerminated';
      if (this.terminated.has(runId) && !terminated)
        found.push(`run ${runId} was terminated, and ended otherwise`);
    }
    for (const [token, runId] of this.acknowledged) {
      const at = places.get(token) ?? [];
      if (at.length !== 1 || !at[0]?.startsWith(`${runId}/`)) {
        found.push(`${token} was acknowledged to run ${runId}, and is at ${at.join(', ') || 'no place'}`);
      }
    }
    for (const token of this.refused.keys()) {
      const at = places.get(token) ?? [];
      if (!this.acknowledged.has(token) && at.length > (lossy ? 1 : 0)) {
        found.push(`${token} was refused, and is at ${at.join(', ')}`);
      }
    }
    return [...found, ...this.compareMessages(histories, lossy)];
  }

  /** What one execution asked of another was done once when it says so, and not at all when it says that it was not. */
  private compareMessages(histories: ReadonlyMap<string, readonly HistoryEvent[]>, lossy: boolean): string[] {
    const found: string[] = [];
    const received = new Map<string, number>();
    for (const events of histories.values()) {
      for (const event of events) {
        if (event.eventType !== 'WorkflowExecutionSignaled' || !event.attributes.externalWorkflowExecution)
          continue;
        const { requestId = '' } = event.attributes;
        received.set(requestId, (received.get(requestId) ?? 0) + 1);
      }
    }
    for (const [runId, events] of histories) {
      for (const event of events) {
        const done = event.eventType === 'ExternalWorkflowExecutionSignaled';
        if (!done && event.eventType !== 'SignalExternalWorkflowExecutionFailed') continue;
        const times = received.get(`${runId}:${event.attributes.initiatedEventId}`) ?? 0;
        // Delivered, its acknowledgement lost, and delivered again when the target was closed: that counts as not found.
        if (done ? times !== 1 : times > (lossy ? 1 : 0)) {
          found.push(`run ${runId} reports ${event.eventType} for a signal that arrived ${times} times`);
        }
      }
    }
    for (const [requestId, times] of received) {
      if (times > 1) found.push(`the signal ${requestId} arrived ${times} times`);
    }
    return found;
  }
}

/** The token that an event carries: every report of the simulation has one of its own. */
function tokenOf(event: HistoryEvent): string | undefined {
  switch (event.eventType) {
    case 'WorkflowExecutionSignaled':
      return event.attributes.externalWorkflowExecution ? undefined : event.attributes.requestId;
    case 'MarkerRecorded':
      return event.attributes.markerName;
    case 'ActivityTaskCompleted':
      return text(event.attributes.result?.[0]?.data);
    case 'ActivityTaskCanceled':
      return text(event.attributes.details?.[0]?.data);
    case 'ActivityTaskFailed':
      return event.attributes.failure.message;
    default:
      return undefined;
  }
}

function text(data: Uint8Array | undefined): string | undefined {
  return data && Buffer.from(data).toString();
}
