import type { HistoryEventOf, Payloads } from '@tidewheel/core';
import {
  ActivityFailure,
  CancelledFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
  fromFirstPayload,
  fromPayloads,
} from '@tidewheel/common';
import type { TidewheelFailure } from '@tidewheel/common';
import type { ActivityCancellationType } from '../activity-options.js';
import type { CancellationListener, CancellationScope } from '../cancellation-scope.js';
import type { PendingOperation } from './activation.js';
import type { Execution } from './execution.js';
import { copyFailure } from './realm-copy.js';

/** The promise that the workflow holds. */
interface Settler {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The events that end an activity. */
type ActivityClosedEvent =
  | HistoryEventOf<'ActivityTaskCompleted'>
  | HistoryEventOf<'ActivityTaskFailed'>
  | HistoryEventOf<'ActivityTaskTimedOut'>
  | HistoryEventOf<'ActivityTaskCanceled'>;

/** An activity that was scheduled and whose outcome the workflow has not seen yet. */
export class PendingActivity implements PendingOperation, CancellationListener {
  /** Set when the history holds its outcome, although the workflow has not come to it yet. */
  isClosing = false;
  /** 0 until the history says where it was scheduled. */
  private scheduledEventId = 0;
  private readonly scheduledIn: number;

  constructor(
    private readonly execution: Execution,
    private readonly scope: CancellationScope,
    readonly activityId: string,
    readonly activityType: string,
    private readonly cancellationType: ActivityCancellationType,
    private readonly settler: Settler,
  ) {
    this.scheduledIn = execution.activationCount;
    if (scope.cancellable) scope.addListener(this);
  }

  recorded(eventId: number): void {
    if (this.scheduledEventId !== 0) return;
    this.scheduledEventId = eventId;
    this.execution.activities.set(eventId, this);
  }

  /** The history says how it ended. */
  close(event: ActivityClosedEvent): void {
    this.settle();
    switch (event.eventType) {
      case 'ActivityTaskCompleted':
        this.complete(event.attributes.result);
        break;
      case 'ActivityTaskFailed':
      case 'ActivityTaskTimedOut':
        this.fail(event);
        break;
      case 'ActivityTaskCanceled': {
        const details = fromPayloads(defaultPayloadConverter, event.attributes.details);
        this.settler.reject(this.cancelled(new CancelledFailure('Activity cancelled', details)));
        break;
      }
    }
  }

  scopeCancelled(error: CancelledFailure): void {
    if (this.scheduledIn === this.execution.activationCount) {
      this.execution.dropCommand('ScheduleActivityTask', ({ activityId }) => activityId === this.activityId);
      this.rejectAtOnce(error);
      return;
    }
    if (this.cancellationType !== 'ABANDON' && !this.isClosing) {
      this.execution.addCommand({
        commandType: 'RequestCancelActivityTask',
        attributes: { scheduledEventId: this.scheduledEventId },
      });
    }
    if (this.cancellationType !== 'WAIT_CANCELLATION_COMPLETED') this.rejectAtOnce(error);
  }

  private complete(result: Payloads | undefined): void {
    try {
      this.settler.resolve(fromFirstPayload(defaultPayloadConverter, result));
    } catch (error) {
      this.settler.reject(error as Error);
    }
  }

  private fail(event: HistoryEventOf<'ActivityTaskFailed'> | HistoryEventOf<'ActivityTaskTimedOut'>): void {
    const { failure, retryState } = event.attributes;
    const cause = defaultFailureConverter.failureToError(copyFailure(failure), defaultPayloadConverter);
    if (cause instanceof ActivityFailure) {
      this.settler.reject(cause);
      return;
    }
    const what = event.eventType === 'ActivityTaskTimedOut' ? 'timed out' : 'failed';
    const identity = 'identity' in event.attributes ? event.attributes.identity : undefined;
    const error = new ActivityFailure(
      `Activity task ${what}`,
      this.activityType,
      this.activityId,
      retryState,
      identity,
      cause,
    );
    this.settler.reject(error);
  }

  private rejectAtOnce(error: CancelledFailure): void {
    this.settle();
    this.settler.reject(this.cancelled(new CancelledFailure('Activity cancelled', [], error)));
  }

  private cancelled(cause: TidewheelFailure): ActivityFailure {
    const { activityType, activityId } = this;
    return new ActivityFailure(
      'Activity cancelled',
      activityType,
      activityId,
      'CANCEL_REQUESTED',
      undefined,
      cause,
    );
  }

  private settle(): void {
    this.execution.activities.delete(this.scheduledEventId);
    this.scope.removeListener(this);
  }
}
