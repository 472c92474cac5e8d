import type { HistoryEvent } from '@tidewheel/core';

/** Collects what a history violates. */
export class Violations {
  readonly found: string[] = [];

  /** Notes that `event` breaks a rule; `text` completes a sentence that begins with the event. */
  at(event: HistoryEvent, text: string): void {
    this.found.push(`event ${event.eventId} ${event.eventType} ${text}`);
  }

  /** Notes that the history as a whole breaks a rule. */
  ofHistory(text: string): void {
    this.found.push(`the history ${text}`);
  }
}
