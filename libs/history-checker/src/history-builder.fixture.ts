import type { EventAttributes, EventType, HistoryEvent } from '@tidewheel/core';

/** Writes histories event by event, one millisecond apart unless told otherwise. */
export class HistoryBuilder {
  readonly events: HistoryEvent[] = [];
  private nowMs = 1_795_000_000_000;

  /** Appends an event and returns its id. */
  add<T extends EventType>(eventType: T, attributes: EventAttributes[T], eventTimeMs?: number): number {
    this.nowMs = eventTimeMs ?? this.nowMs + 1;
    const eventId = this.events.length + 1;
    this.events.push({ eventId, eventTimeMs: this.nowMs, eventType, attributes } as HistoryEvent);
    return eventId;
  }

  /** Lets time pass before the next event. */
  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  get timeMs(): number {
    return this.nowMs;
  }

  start(attributes: Partial<EventAttributes['WorkflowExecutionStarted']> = {}): this {
    this.add('WorkflowExecutionStarted', { workflowType: 'order', taskQueue: 'main', ...attributes });
    return this;
  }

  scheduleTask(attributes: EventAttributes['WorkflowTaskScheduled'] = {}): number {
    return this.add('WorkflowTaskScheduled', attributes);
  }

  startTask(scheduledEventId = this.events.length): number {
    return this.add('WorkflowTaskStarted', {
      scheduledEventId,
      historySizeBytes: this.events.length * 10,
      identity: 'worker',
    });
  }

  completeTask(): number {
    const startedEventId = this.events.length;
    return this.add('WorkflowTaskCompleted', { scheduledEventId: startedEventId - 1, startedEventId });
  }

  failTask(cause: EventAttributes['WorkflowTaskFailed']['cause'] = 'NON_DETERMINISTIC_ERROR'): number {
    const startedEventId = this.events.length;
    return this.add('WorkflowTaskFailed', { scheduledEventId: startedEventId - 1, startedEventId, cause });
  }

  /** A workflow task from its schedule to its completion; returns the id of the completion. */
  task(attributes: EventAttributes['WorkflowTaskScheduled'] = {}): number {
    this.scheduleTask(attributes);
    this.startTask();
    return this.completeTask();
  }

  scheduleActivity(
    workflowTaskCompletedEventId: number,
    activityId = 'a',
    attributes: Partial<EventAttributes['ActivityTaskScheduled']> = {},
  ): number {
    return this.add('ActivityTaskScheduled', {
      activityId,
      activityType: 'charge',
      startToCloseTimeoutMs: 1_000,
      workflowTaskCompletedEventId,
      ...attributes,
    });
  }

  startActivity(scheduledEventId: number, attributes: { attempt?: number } = {}): number {
    const lastFailure = attributes.attempt === undefined ? {} : { lastFailure: { message: 'before' } };
    return this.add('ActivityTaskStarted', { scheduledEventId, ...lastFailure, ...attributes });
  }

  completeActivity(scheduledEventId: number, startedEventId = this.events.length): number {
    return this.add('ActivityTaskCompleted', { scheduledEventId, startedEventId });
  }

  startTimer(workflowTaskCompletedEventId: number, timerId = 't', startToFireTimeoutMs = 1): number {
    return this.add('TimerStarted', { timerId, startToFireTimeoutMs, workflowTaskCompletedEventId });
  }

  signal(signalName = 'go', requestId?: string): number {
    return this.add('WorkflowExecutionSignaled', {
      signalName,
      ...(requestId !== undefined && { requestId }),
    });
  }

  completeWorkflow(workflowTaskCompletedEventId: number): this {
    this.add('WorkflowExecutionCompleted', { workflowTaskCompletedEventId });
    return this;
  }
}

/** A sound history in which about everything happens that can happen to a run. */
export function richHistory(): HistoryBuilder {
  const h = new HistoryBuilder().start();
  h.scheduleTask();
  h.startTask();
  h.failTask();
  const first = h.task({ attempt: 2 });
  const charged = h.scheduleActivity(first, 'charge');
  const refused = h.scheduleActivity(first, 'refuse', {
    retryPolicy: {
      initialIntervalMs: 1,
      backoffCoefficient: 1,
      maximumIntervalMs: 1,
      maximumAttempts: 2,
      nonRetryableErrorTypes: [],
    },
  });
  const kept = h.startTimer(first, 'kept');
  const given = h.startTimer(first, 'given');
  h.add('MarkerRecorded', { markerName: 'version', workflowTaskCompletedEventId: first });
  const asked = h.add('SignalExternalWorkflowExecutionInitiated', {
    workflowTaskCompletedEventId: first,
    namespace: 'default',
    workflowExecution: { workflowId: 'other' },
    signalName: 'hello',
  });

  // An arrival, for which a workflow task is scheduled; a second one while that waits; then the buffer.
  h.signal('go', 'request-1');
  const scheduled = h.scheduleTask({ sticky: true });
  h.startActivity(charged);
  h.completeActivity(charged);
  h.startTask(scheduled);
  const secondStartedMs = h.timeMs;
  const second = h.add('WorkflowTaskCompleted', {
    scheduledEventId: scheduled,
    startedEventId: h.events.length,
  });
  h.add('TimerCanceled', { timerId: 'given', startedEventId: given, workflowTaskCompletedEventId: second });
  const cancelled = h.scheduleActivity(second, 'cancelled');
  const requested = h.add('ActivityTaskCancelRequested', {
    scheduledEventId: cancelled,
    workflowTaskCompletedEventId: second,
  });
  const lastCommandMs = h.timeMs;
  h.add(
    'ExternalWorkflowExecutionSignaled',
    {
      initiatedEventId: asked,
      namespace: 'default',
      workflowExecution: { workflowId: 'other' },
    },
    secondStartedMs,
  );
  const refusedStart = h.startActivity(refused, { attempt: 2 });
  h.add('TimerFired', { timerId: 'kept', startedEventId: kept }, secondStartedMs + 1);
  h.add(
    'ActivityTaskFailed',
    {
      scheduledEventId: refused,
      startedEventId: refusedStart,
      failure: { message: 'no' },
      retryState: 'MAXIMUM_ATTEMPTS_REACHED',
    },
    secondStartedMs + 2,
  );
  h.add(
    'ActivityTaskCanceled',
    {
      scheduledEventId: cancelled,
      startedEventId: 0,
      latestCancelRequestedEventId: requested,
    },
    lastCommandMs,
  );

  // A sticky task that nobody takes.
  const sticky = h.scheduleTask({ sticky: true });
  h.add('WorkflowTaskTimedOut', {
    scheduledEventId: sticky,
    startedEventId: 0,
    timeoutType: 'SCHEDULE_TO_START',
  });
  const last = h.task();
  return h.completeWorkflow(last);
}
