import type { HistoryEvent, HistoryEventOf } from '@tidewheel/core';
import type { EventContext, EventOfEither } from './event-place.js';
import type { Violations } from './violations.js';

interface Timer {
  readonly started: HistoryEventOf<'TimerStarted'>;
  end?: EventOfEither<'TimerFired' | 'TimerCanceled'>;
}

/** The life of timers: started under an id that no pending one has, then fired, not before its time, or cancelled; once. */
export class TimerRules {
  private readonly timers = new Map<number, Timer>();
  private readonly pendingById = new Map<string, Timer>();
  /** Timers whose id was taken again: they may only have fired into the buffer by then. */
  private reusedIds: { readonly older: Timer; readonly event: HistoryEventOf<'TimerStarted'> }[] = [];

  constructor(private readonly violations: Violations) {}

  visit(event: HistoryEvent, { place }: EventContext): void {
    if (place === 'task' || place === 'frame') this.checkReusedIds();
    switch (event.eventType) {
      case 'TimerStarted':
        this.start(event);
        break;
      case 'TimerFired':
        this.checkFireTime(event, this.endTimer(event));
        break;
      case 'TimerCanceled':
        this.endTimer(event);
        break;
      default:
    }
  }

  /** To be called behind the last event. */
  end(): void {
    this.checkReusedIds();
  }

  private start(event: HistoryEventOf<'TimerStarted'>): void {
    const { timerId } = event.attributes;
    const older = this.pendingById.get(timerId);
    if (older) this.reusedIds.push({ older, event });
    const timer: Timer = { started: event };
    this.timers.set(event.eventId, timer);
    this.pendingById.set(timerId, timer);
  }

  private endTimer(event: EventOfEither<'TimerFired' | 'TimerCanceled'>): Timer | undefined {
    const { startedEventId, timerId } = event.attributes;
    const timer = this.timers.get(startedEventId);
    if (!timer) {
      this.violations.at(event, `refers to event ${startedEventId}, which starts no timer before it`);
      return undefined;
    }
    if (timer.started.attributes.timerId !== timerId) {
      this.violations.at(
        event,
        `names timer "${timerId}", its start timer "${timer.started.attributes.timerId}"`,
      );
    }
    if (timer.end) this.violations.at(event, `ends again what event ${timer.end.eventId} ended`);
    timer.end = event;
    if (this.pendingById.get(timerId) === timer) this.pendingById.delete(timerId);
    return timer;
  }

  private checkFireTime(event: HistoryEventOf<'TimerFired'>, timer: Timer | undefined): void {
    if (!timer) return;
    const { eventTimeMs, attributes } = timer.started;
    const earlyMs = eventTimeMs + attributes.startToFireTimeoutMs - event.eventTimeMs;
    if (earlyMs > 0) this.violations.at(event, `fired ${earlyMs} ms before its time`);
  }

  private checkReusedIds(): void {
    for (const { older, event } of this.reusedIds) {
      if (!older.end) {
        this.violations.at(
          event,
          `has the timer id "${event.attributes.timerId}" of event ${older.started.eventId}, which is pending`,
        );
      }
    }
    this.reusedIds = [];
  }
}
