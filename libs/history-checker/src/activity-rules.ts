import type { HistoryEvent, HistoryEventOf } from '@tidewheel/core';
import type { ActivityResolution, EventContext, EventOfEither } from './event-place.js';
import type { Violations } from './violations.js';

type Scheduled = HistoryEventOf<'ActivityTaskScheduled'>;
type Started = HistoryEventOf<'ActivityTaskStarted'>;

interface Activity {
  readonly scheduled: Scheduled;
  started?: Started;
  cancelRequested?: HistoryEventOf<'ActivityTaskCancelRequested'>;
  resolution?: ActivityResolution;
}

/** A scheduled activity whose id another still had, which may then only have been resolved in the buffer. */
interface ReusedId {
  readonly older: Activity;
  readonly event: Scheduled;
}

/**
 * The life of activities: scheduled under an id that no pending one has; started only together with the outcome, and
 * with the facts of the last attempt; resolved at most once, and as what may happen to it where it stood.
 */
export class ActivityRules {
  private readonly activities = new Map<number, Activity>();
  private readonly pendingByActivityId = new Map<string, Activity>();
  /** Started events whose outcome must still come, by scheduled event id. */
  private readonly unresolvedStarts = new Map<number, Started>();
  private reusedIds: ReusedId[] = [];

  constructor(private readonly violations: Violations) {}

  visit(event: HistoryEvent, { place }: EventContext): void {
    this.checkUnresolvedStarts(event, place);
    if (place === 'task' || place === 'frame') this.checkReusedIds();
    switch (event.eventType) {
      case 'ActivityTaskScheduled':
        this.schedule(event);
        break;
      case 'ActivityTaskStarted':
        this.start(event);
        break;
      case 'ActivityTaskCancelRequested':
        this.requestCancel(event);
        break;
      case 'ActivityTaskCompleted':
      case 'ActivityTaskFailed':
      case 'ActivityTaskTimedOut':
      case 'ActivityTaskCanceled':
        this.resolve(event);
        break;
      default:
    }
  }

  /** To be called behind the last event. */
  end(): void {
    this.checkReusedIds();
    for (const started of this.unresolvedStarts.values()) this.reportUnresolved(started);
  }

  private schedule(event: Scheduled): void {
    const { activityId } = event.attributes;
    const older = this.pendingByActivityId.get(activityId);
    if (older) this.reusedIds.push({ older, event });
    const activity: Activity = { scheduled: event };
    this.activities.set(event.eventId, activity);
    this.pendingByActivityId.set(activityId, activity);
  }

  private start(event: Started): void {
    const activity = this.activityOf(event);
    if (!activity) return;
    if (activity.started)
      this.violations.at(event, `starts again what event ${activity.started.eventId} started`);
    if (activity.resolution) this.violations.at(event, 'starts an activity that is resolved');
    this.checkAttempt(event, activity);
    activity.started = event;
    this.unresolvedStarts.set(event.attributes.scheduledEventId, event);
  }

  private checkAttempt(event: Started, activity: Activity): void {
    const { attempt = 1, lastFailure } = event.attributes;
    const most = activity.scheduled.attributes.retryPolicy?.maximumAttempts ?? 0;
    if (attempt < 1) this.violations.at(event, `has attempt ${attempt}`);
    if (most > 0 && attempt > most) this.violations.at(event, `has attempt ${attempt} of at most ${most}`);
    if (attempt > 1 && !lastFailure) {
      this.violations.at(event, `has attempt ${attempt}, but not the failure of the one before`);
    }
    if (attempt === 1 && lastFailure) this.violations.at(event, 'is a first attempt with a last failure');
  }

  private requestCancel(event: HistoryEventOf<'ActivityTaskCancelRequested'>): void {
    const activity = this.activityOf(event);
    if (!activity) return;
    if (activity.resolution) this.violations.at(event, 'cancels an activity that the workflow saw resolved');
    if (activity.cancelRequested) {
      this.violations.at(event, `asks again for what event ${activity.cancelRequested.eventId} asked`);
    }
    activity.cancelRequested = event;
  }

  private resolve(event: ActivityResolution): void {
    const activity = this.activityOf(event);
    if (!activity) return;
    if (activity.resolution) {
      this.violations.at(event, `resolves again what event ${activity.resolution.eventId} resolved`);
    }
    activity.resolution = event;
    this.unresolvedStarts.delete(event.attributes.scheduledEventId);
    const { activityId } = activity.scheduled.attributes;
    if (this.pendingByActivityId.get(activityId) === activity) this.pendingByActivityId.delete(activityId);
    const startedEventId = activity.started?.eventId ?? 0;
    if (event.attributes.startedEventId !== startedEventId) {
      this.violations.at(
        event,
        `refers to event ${event.attributes.startedEventId} as its start, which is ${startedEventId}`,
      );
    }
    this.checkOutcome(event, activity);
  }

  private checkOutcome(event: ActivityResolution, { started, cancelRequested }: Activity): void {
    switch (event.eventType) {
      case 'ActivityTaskCompleted':
        if (!started) this.violations.at(event, 'resolves an activity that never started');
        break;
      case 'ActivityTaskFailed': {
        const { retryState } = event.attributes;
        if (!started) this.violations.at(event, 'resolves an activity that never started');
        if (retryState === 'IN_PROGRESS')
          this.violations.at(event, 'is final, and says that a retry follows');
        break;
      }
      case 'ActivityTaskTimedOut':
        this.checkTimeout(event, started);
        break;
      case 'ActivityTaskCanceled': {
        const { latestCancelRequestedEventId } = event.attributes;
        if (!cancelRequested)
          this.violations.at(event, 'cancels an activity that the workflow did not cancel');
        else if (latestCancelRequestedEventId !== cancelRequested.eventId) {
          this.violations.at(
            event,
            `refers to event ${latestCancelRequestedEventId} as its cancel request, which is ${cancelRequested.eventId}`,
          );
        }
        break;
      }
    }
  }

  private checkTimeout(event: HistoryEventOf<'ActivityTaskTimedOut'>, started: Started | undefined): void {
    const { failure, retryState } = event.attributes;
    const info = failure.info;
    if (info?.kind !== 'timeout') {
      this.violations.at(event, 'carries a failure that is no timeout');
      return;
    }
    const runs = info.timeoutType === 'START_TO_CLOSE' || info.timeoutType === 'HEARTBEAT';
    if (runs && !started) this.violations.at(event, `is a ${info.timeoutType} timeout of what never started`);
    if (info.timeoutType === 'SCHEDULE_TO_START' && started) {
      this.violations.at(event, 'is a SCHEDULE_TO_START timeout of what had started');
    }
    if (retryState === 'IN_PROGRESS') this.violations.at(event, 'is final, and says that a retry follows');
  }

  private activityOf(
    event: EventOfEither<'ActivityTaskStarted' | 'ActivityTaskCancelRequested'> | ActivityResolution,
  ): Activity | undefined {
    const { scheduledEventId } = event.attributes;
    const activity = this.activities.get(scheduledEventId);
    if (!activity) {
      this.violations.at(event, `refers to event ${scheduledEventId}, which schedules no activity before it`);
    }
    return activity;
  }

  /** A started event comes with its outcome: in the same group, or, while a task waits, directly before it. */
  private checkUnresolvedStarts(event: HistoryEvent, place: EventContext['place']): void {
    if (this.unresolvedStarts.size === 0 || place === 'group') return;
    for (const [scheduledEventId, started] of this.unresolvedStarts) {
      const attributes = event.attributes as { readonly scheduledEventId?: number };
      if (place === 'arrival' && attributes.scheduledEventId === scheduledEventId) continue;
      this.reportUnresolved(started);
      this.unresolvedStarts.delete(scheduledEventId);
    }
  }

  private reportUnresolved(started: Started): void {
    this.violations.at(started, 'is written without the outcome of the activity');
  }

  private checkReusedIds(): void {
    for (const { older, event } of this.reusedIds) {
      if (!older.resolution) {
        this.violations.at(
          event,
          `has the activity id "${event.attributes.activityId}" of event ${older.scheduled.eventId}, which is pending`,
        );
      }
    }
    this.reusedIds = [];
  }
}
