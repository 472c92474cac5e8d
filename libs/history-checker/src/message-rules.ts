import type { EventType, HistoryEvent } from '@tidewheel/core';
import type { Violations } from './violations.js';

/** What asks something of another execution, by the events that tell what became of it. */
const INITIATED_BY: { readonly [T in EventType]?: EventType } = {
  ExternalWorkflowExecutionSignaled: 'SignalExternalWorkflowExecutionInitiated',
  SignalExternalWorkflowExecutionFailed: 'SignalExternalWorkflowExecutionInitiated',
  ExternalWorkflowExecutionCancelRequested: 'RequestCancelExternalWorkflowExecutionInitiated',
  RequestCancelExternalWorkflowExecutionFailed: 'RequestCancelExternalWorkflowExecutionInitiated',
};

/** Messages between executions: each is recorded once where it arrives, and answered at most once where it came from. */
export class MessageRules {
  private readonly initiated = new Map<number, EventType>();
  private readonly answered = new Map<number, HistoryEvent>();
  private readonly signalsByRequestId = new Map<string, HistoryEvent>();
  private cancelRequested: HistoryEvent | undefined;

  constructor(private readonly violations: Violations) {}

  visit(event: HistoryEvent): void {
    switch (event.eventType) {
      case 'WorkflowExecutionCancelRequested':
        if (this.cancelRequested) {
          this.violations.at(event, `asks again for what event ${this.cancelRequested.eventId} asked`);
        }
        this.cancelRequested = event;
        break;
      case 'WorkflowExecutionSignaled':
        this.signal(event, event.attributes.requestId);
        break;
      case 'SignalExternalWorkflowExecutionInitiated':
      case 'RequestCancelExternalWorkflowExecutionInitiated':
        this.initiated.set(event.eventId, event.eventType);
        break;
      case 'ExternalWorkflowExecutionSignaled':
      case 'SignalExternalWorkflowExecutionFailed':
      case 'ExternalWorkflowExecutionCancelRequested':
      case 'RequestCancelExternalWorkflowExecutionFailed':
        this.answer(event, event.attributes.initiatedEventId);
        break;
      default:
    }
  }

  private signal(event: HistoryEvent, requestId: string | undefined): void {
    if (requestId === undefined) return;
    const first = this.signalsByRequestId.get(requestId);
    if (first) this.violations.at(event, `repeats the request "${requestId}" of event ${first.eventId}`);
    this.signalsByRequestId.set(requestId, event);
  }

  private answer(event: HistoryEvent, initiatedEventId: number): void {
    const expected = INITIATED_BY[event.eventType];
    if (this.initiated.get(initiatedEventId) !== expected) {
      this.violations.at(event, `refers to event ${initiatedEventId}, which is no ${expected} before it`);
    }
    const first = this.answered.get(initiatedEventId);
    if (first) this.violations.at(event, `answers again what event ${first.eventId} answered`);
    this.answered.set(initiatedEventId, event);
  }
}
