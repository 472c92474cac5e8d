import type { HistoryEvent } from '@tidewheel/core';
import type { EventContext } from './event-place.js';
import { isResolution } from './event-place.js';
import type { Violations } from './violations.js';

/**
 * Times never go backwards, but for two: what waited in the buffer carries the time at which it came, which is not
 * before the start of the task that it waited for; and an activity's start carries the time of that start, which is not
 * before its schedule and not behind its outcome.
 */
export class TimeRules {
  private latestMs = 0;
  /** Latest times within the current group: of outcomes, which were moved, and of the rest. */
  private groupMs = { outcomes: 0, rest: 0 };
  private readonly scheduledMs = new Map<number, number>();
  private readonly startedMs = new Map<number, number>();

  constructor(private readonly violations: Violations) {}

  visit(event: HistoryEvent, { place, lastTaskStarted }: EventContext): void {
    if (place !== 'group') this.groupMs = { outcomes: 0, rest: 0 };
    if (event.eventType === 'ActivityTaskScheduled') this.scheduledMs.set(event.eventId, event.eventTimeMs);
    if (event.eventType === 'ActivityTaskStarted') {
      this.visitActivityStart(event.eventTimeMs, event.attributes.scheduledEventId, event);
      return;
    }
    if (place === 'group') this.visitGroupMember(event, lastTaskStarted?.eventTimeMs ?? 0);
    else this.requireNotBefore(event, this.latestMs, 'the event before');
    if (isResolution(event.eventType)) {
      const { scheduledEventId } = event.attributes as { readonly scheduledEventId: number };
      this.requireNotBefore(event, this.startedMs.get(scheduledEventId) ?? 0, 'its start');
    }
    this.latestMs = Math.max(this.latestMs, event.eventTimeMs);
  }

  private visitActivityStart(timeMs: number, scheduledEventId: number, event: HistoryEvent): void {
    this.requireNotBefore(event, this.scheduledMs.get(scheduledEventId) ?? 0, 'its schedule');
    this.startedMs.set(scheduledEventId, timeMs);
  }

  private visitGroupMember(event: HistoryEvent, taskStartedMs: number): void {
    const kind = isResolution(event.eventType) ? 'outcomes' : 'rest';
    this.requireNotBefore(event, taskStartedMs, 'the start of the task that it could have waited for');
    this.requireNotBefore(event, this.groupMs[kind], 'the one that came before it');
    this.groupMs[kind] = event.eventTimeMs;
  }

  private requireNotBefore(event: HistoryEvent, boundMs: number, bound: string): void {
    if (event.eventTimeMs < boundMs) {
      this.violations.at(event, `has a time ${boundMs - event.eventTimeMs} ms before ${bound}`);
    }
  }
}
