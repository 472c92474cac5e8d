import type { HistoryEvent, HistoryEventOf } from '@tidewheel/core';
import { isCloseEvent, isCommandEvent, LIMITS } from '@tidewheel/core';
import type { EventContext, EventOfEither, EventPlace } from './event-place.js';
import { isResolution } from './event-place.js';
import type { Violations } from './violations.js';

type Scheduled = HistoryEventOf<'WorkflowTaskScheduled'>;
type Started = HistoryEventOf<'WorkflowTaskStarted'>;
type EndOfTask = EventOfEither<'WorkflowTaskCompleted' | 'WorkflowTaskFailed' | 'WorkflowTaskTimedOut'>;

/** The workflow task that is pending in the history: none, scheduled, or scheduled and started. */
interface PendingTask {
  readonly scheduled: Scheduled;
  readonly started?: Started;
}

/**
 * The life of workflow tasks: one at a time, each scheduled, started and ended; the events of commands in one block
 * behind the completed task; nothing from outside while a task is started; what waited in the buffer in its order,
 * with another task behind it.
 *
 * Between the end of a task and the schedule of the next one, at most one group of events comes from outside: either
 * what the buffer held, or the arrival for which the next task is scheduled at once.
 */
export class WorkflowTaskRules {
  private pending: PendingTask | undefined;
  private previous: HistoryEvent | undefined;
  private previousEnd: EndOfTask | undefined;
  private previousWasSticky = false;
  private lastTaskStarted: Started | undefined;
  /** Id of the completed event whose block of commands may still go on. */
  private openBlock: number | undefined;
  private group: HistoryEvent[] = [];
  private backsOffFirst = false;
  private startedFurtherAttempt = false;

  constructor(private readonly violations: Violations) {}

  /** Checks the next event and tells where it stands. */
  visit(event: HistoryEvent): EventContext {
    const lastTaskStarted = this.lastTaskStarted;
    const place = this.placeOf(event);
    // The workflow is not told of it, so it needs no workflow task and parts no neighbours.
    if (event.eventType === 'WorkflowExecutionOptionsUpdated') return { place, lastTaskStarted };
    this.checkNeighbours(event);
    if (place !== 'command' && event.eventType !== 'WorkflowTaskCompleted') this.openBlock = undefined;
    this.previous = event;
    return { place, lastTaskStarted };
  }

  /** To be called behind the last event. */
  end(): void {
    const last = this.previous;
    if (!last || isCloseEvent(last.eventType)) return;
    this.closeGroup();
    if (this.pending && attemptOf(this.pending.scheduled) > 1) {
      this.violations.at(
        this.pending.scheduled,
        'is of a further attempt, which is written once it succeeded',
      );
    }
    if (this.pending === undefined && this.group.length > 0 && !this.backsOffFirst) {
      this.violations.at(last, 'came from outside, and no workflow task tells the workflow of it');
    }
  }

  private placeOf(event: HistoryEvent): EventPlace {
    switch (event.eventType) {
      case 'WorkflowExecutionStarted':
        this.backsOffFirst = (event.attributes.firstWorkflowTaskBackoffMs ?? 0) > 0;
        return 'frame';
      case 'WorkflowTaskScheduled':
        this.schedule(event);
        return 'task';
      case 'WorkflowTaskStarted':
        this.start(event);
        return 'task';
      case 'WorkflowTaskCompleted':
        this.complete(event);
        return 'task';
      case 'WorkflowTaskFailed':
        this.fail(event);
        return 'task';
      case 'WorkflowTaskTimedOut':
        this.timeOut(event);
        return 'task';
      default:
        if (isOutsideClose(event)) {
          this.closeGroup();
          return 'frame';
        }
        return isCommandEvent(event.eventType) ? this.command(event) : this.outside(event);
    }
  }

  private schedule(event: Scheduled): void {
    if (this.pending) {
      this.violations.at(event, `comes while the one of event ${this.pending.scheduled.eventId} is pending`);
    }
    this.closeGroup();
    this.checkAttempt(event);
    this.group = [];
    this.backsOffFirst = false;
    this.pending = { scheduled: event };
  }

  /** A further attempt stands in the history once it succeeded, directly behind the first, which failed. */
  private checkAttempt(event: Scheduled): void {
    const attempt = attemptOf(event);
    const followsFailure =
      this.previous?.eventType === 'WorkflowTaskFailed' ||
      this.previous?.eventType === 'WorkflowTaskTimedOut';
    if (attempt < 1) this.violations.at(event, `has attempt ${attempt}`);
    if (attempt > 1 && !followsFailure) {
      this.violations.at(event, `has attempt ${attempt}, but no failed or timed out task directly before it`);
    }
    if (attempt > 1 && followsFailure && this.previousWasSticky) {
      this.violations.at(event, `has attempt ${attempt}, but the end of a sticky task counts no attempt`);
    }
    if (attempt === 1 && followsFailure && !this.previousWasSticky) {
      this.violations.at(event, 'is a first attempt, but no news came since the task before failed');
    }
    if (attempt > 1 && event.attributes.sticky) this.violations.at(event, 'is a further attempt, yet sticky');
    if (
      this.previousEnd &&
      this.previousEnd.eventType !== 'WorkflowTaskCompleted' &&
      event.attributes.sticky
    ) {
      this.violations.at(event, 'is sticky, but the end of the task before cleared that');
    }
  }

  private start(event: Started): void {
    if (!this.pending || this.pending.started) {
      this.violations.at(event, 'comes while no workflow task waits to be started');
      return;
    }
    if (event.attributes.scheduledEventId !== this.pending.scheduled.eventId) {
      this.violations.at(event, `refers to event ${event.attributes.scheduledEventId}, not to its schedule`);
    }
    if (
      this.lastTaskStarted &&
      event.attributes.historySizeBytes <= this.lastTaskStarted.attributes.historySizeBytes
    ) {
      this.violations.at(event, 'says that the history is no larger than it was at the task before');
    }
    if ((event.attributes.suggestContinueAsNew ?? false) !== isLong(event)) {
      this.violations.at(event, `says ${isLong(event) ? 'not ' : ''}to continue as new, which is wrong here`);
    }
    this.pending = { ...this.pending, started: event };
    this.lastTaskStarted = event;
  }

  private complete(event: HistoryEventOf<'WorkflowTaskCompleted'>): void {
    this.checkEnd(event, this.pending?.started?.eventId);
    this.finish(event);
    this.openBlock = event.eventId;
  }

  private fail(event: HistoryEventOf<'WorkflowTaskFailed'>): void {
    this.checkEnd(event, this.pending?.started?.eventId);
    this.checkFirstAttempt(event);
    this.finish(event);
  }

  private timeOut(event: HistoryEventOf<'WorkflowTaskTimedOut'>): void {
    const { timeoutType } = event.attributes;
    const neverStarted = timeoutType === 'SCHEDULE_TO_START';
    if (neverStarted && this.pending?.started)
      this.violations.at(event, 'says that a started task never started');
    if (neverStarted && this.pending && !this.pending.scheduled.attributes.sticky) {
      this.violations.at(event, 'times out the wait of a task that is not sticky');
    }
    if (!neverStarted && timeoutType !== 'START_TO_CLOSE') {
      this.violations.at(event, `has timeout type ${timeoutType}, which workflow tasks do not have`);
    }
    this.checkEnd(event, neverStarted ? 0 : this.pending?.started?.eventId);
    this.checkFirstAttempt(event);
    this.finish(event);
  }

  private checkEnd(event: EndOfTask, startedEventId: number | undefined): void {
    if (!this.pending || startedEventId === undefined) {
      this.violations.at(event, 'ends a workflow task that is not started');
      return;
    }
    if (event.attributes.scheduledEventId !== this.pending.scheduled.eventId) {
      this.violations.at(event, `refers to event ${event.attributes.scheduledEventId}, not to its schedule`);
    }
    if (event.attributes.startedEventId !== startedEventId) {
      this.violations.at(event, `refers to event ${event.attributes.startedEventId}, not to its start`);
    }
  }

  private checkFirstAttempt(event: EndOfTask): void {
    const attempt = this.pending ? attemptOf(this.pending.scheduled) : 1;
    if (attempt > 1)
      this.violations.at(event, `is written for attempt ${attempt}; only a first one writes it`);
  }

  private finish(event: EndOfTask): void {
    this.previousWasSticky = this.pending?.scheduled.attributes.sticky === true;
    this.previousEnd = event;
    this.pending = undefined;
    this.group = [];
  }

  private command(event: HistoryEvent): EventPlace {
    const completedId = (event.attributes as { readonly workflowTaskCompletedEventId?: number })
      .workflowTaskCompletedEventId;
    if (this.openBlock === undefined) {
      this.violations.at(event, 'is of a command, but not in the block behind a completed workflow task');
      return 'misplaced';
    }
    if (completedId !== this.openBlock) {
      this.violations.at(
        event,
        `refers to event ${completedId}, not to its completed task ${this.openBlock}`,
      );
    }
    return 'command';
  }

  private outside(event: HistoryEvent): EventPlace {
    if (this.pending?.started) {
      this.violations.at(event, 'came from outside, but was written while a workflow task was started');
      return 'misplaced';
    }
    if (this.pending) return 'arrival';
    if (event.eventType !== 'WorkflowExecutionOptionsUpdated') this.group.push(event);
    return 'group';
  }

  /** The outcomes of activities stand behind the rest of their group. */
  private closeGroup(): void {
    const firstResolution = this.group.findIndex(({ eventType }) => isResolution(eventType));
    for (const [index, event] of this.group.entries()) {
      if (firstResolution >= 0 && index > firstResolution && !isResolution(event.eventType)) {
        this.violations.at(event, 'stands behind the outcome of an activity that was written with it');
      }
    }
  }

  private checkNeighbours(event: HistoryEvent): void {
    const { previous } = this;
    if (!previous) return;
    if (
      previous.eventType === 'WorkflowExecutionStarted' &&
      !this.backsOffFirst &&
      !['WorkflowTaskScheduled', 'WorkflowExecutionSignaled'].includes(event.eventType)
    ) {
      this.violations.at(event, 'follows the start, where the first workflow task is scheduled');
    }
    if (
      previous.eventType === 'WorkflowTaskFailed' &&
      previous.attributes.cause === 'UNHANDLED_COMMAND' &&
      this.group.length === 0
    ) {
      this.violations.at(previous, 'failed for events that waited, but none follows');
    }
    if (previous.eventType === 'WorkflowTaskScheduled' && attemptOf(previous) > 1) {
      this.requireNext(previous, event, 'WorkflowTaskStarted');
    }
    if (previous.eventType === 'WorkflowTaskStarted' && this.startedFurtherAttempt) {
      this.requireNext(previous, event, 'WorkflowTaskCompleted');
    }
    this.startedFurtherAttempt =
      event.eventType === 'WorkflowTaskStarted' &&
      this.pending !== undefined &&
      attemptOf(this.pending.scheduled) > 1;
  }

  private requireNext(previous: HistoryEvent, event: HistoryEvent, type: HistoryEvent['eventType']): void {
    if (event.eventType !== type) {
      this.violations.at(previous, `is of a further attempt, and no ${type} directly follows`);
    }
  }
}

/** Whether the history up to the start of a task is one that the run should leave behind. */
function isLong({ eventId, attributes }: Started): boolean {
  return (
    eventId >= LIMITS.historyEventsSuggestContinueAsNew ||
    attributes.historySizeBytes >= LIMITS.historyBytesSuggestContinueAsNew
  );
}

function attemptOf(event: Scheduled): number {
  return event.attributes.attempt ?? 1;
}

/** A close that no command asked for: by an operator, by a timeout, or for a limit that the run broke. */
function isOutsideClose(event: HistoryEvent): boolean {
  return (
    event.eventType === 'WorkflowExecutionTerminated' ||
    event.eventType === 'WorkflowExecutionTimedOut' ||
    (event.eventType === 'WorkflowExecutionFailed' && event.attributes.workflowTaskCompletedEventId === 0)
  );
}
