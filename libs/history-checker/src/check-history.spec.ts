import type { EventAttributes, EventType, HistoryEvent, TimeoutType } from '@tidewheel/core';
import { checkHistory } from './check-history.js';
import { HistoryBuilder, richHistory } from './history-builder.fixture.js';

/** The sound history, changed; and what the checker says of it. */
function afterChange(change: (events: HistoryEvent[]) => void): string[] {
  const { events } = richHistory();
  change(events);
  return checkHistory(events);
}

/** Replaces attributes of the nth event of a type. */
function withAttributes<T extends EventType>(
  events: HistoryEvent[],
  eventType: T,
  attributes: Partial<EventAttributes[T]>,
  nth = 1,
): void {
  const matching = events.filter((event) => event.eventType === eventType);
  const event = matching[nth - 1]!;
  events[event.eventId - 1] = {
    ...event,
    attributes: { ...event.attributes, ...attributes },
  } as HistoryEvent;
}

function indexOf(events: readonly HistoryEvent[], eventType: EventType): number {
  return events.findIndex((event) => event.eventType === eventType);
}

/** Gives every event the id of its position. */
function renumber(events: HistoryEvent[]): void {
  for (const [index, event] of events.entries()) events[index] = { ...event, eventId: index + 1 };
}

describe('checkHistory', () => {
  it('finds nothing in a sound history', () => {
    expect(checkHistory(richHistory().events, { status: 'COMPLETED' })).toEqual([]);
  });

  it('finds nothing in any beginning of a sound history that ends where nothing is under way', () => {
    const h = new HistoryBuilder().start();
    const completed = h.task();
    h.startTimer(completed);
    expect(checkHistory(h.events, { status: 'RUNNING' })).toEqual([]);
    h.scheduleTask();
    expect(checkHistory(h.events)).toEqual([]);
    h.startTask();
    expect(checkHistory(h.events)).toEqual([]);
  });

  it('finds nothing in a run that was terminated while its first task was scheduled or started', () => {
    const h = new HistoryBuilder().start();
    h.scheduleTask();
    h.add('WorkflowExecutionTerminated', {});
    expect(checkHistory(h.events, { status: 'TERMINATED' })).toEqual([]);

    const started = new HistoryBuilder().start();
    started.scheduleTask();
    started.startTask();
    started.failTask('FORCE_CLOSE_COMMAND');
    started.signal();
    started.add('WorkflowExecutionTerminated', {});
    expect(checkHistory(started.events, { status: 'TERMINATED' })).toEqual([]);
  });

  it('lets an id be used again when its timer or activity ended in the buffer', () => {
    const h = new HistoryBuilder().start();
    const first = h.task();
    const activity = h.scheduleActivity(first);
    const timer = h.startTimer(first);
    h.wait(10);
    h.signal();
    const second = h.task();
    h.scheduleActivity(second);
    h.startTimer(second);
    const started = h.startActivity(activity);
    h.add('TimerFired', { timerId: 't', startedEventId: timer });
    h.completeActivity(activity, started);
    h.scheduleTask();
    expect(checkHistory(h.events)).toEqual([]);
  });

  describe('frame', () => {
    it('wants events', () => expect(checkHistory([])).toEqual(['the history is empty']));

    it('wants dense ids from 1', () => {
      expect(afterChange((events) => events.splice(3, 1))).toContainEqual(
        expect.stringMatching(/stands at position 4/),
      );
      expect(afterChange((events) => events.splice(3, 0, events[3]!))).toContainEqual(
        expect.stringMatching(/stands at position 5/),
      );
    });

    it('wants the start first and nowhere else', () => {
      expect(afterChange((events) => events.shift())).toContainEqual(
        expect.stringMatching(/is first, where only the start may be/),
      );
      expect(afterChange((events) => events.splice(9, 0, events[0]!))).toContainEqual(
        expect.stringMatching(/starts a run that has begun/),
      );
    });

    it('wants at most one close, as the last event', () => {
      expect(afterChange((events) => events.push(events.at(-1)!))).toContainEqual(
        expect.stringMatching(/WorkflowExecutionCompleted is followed by further events/),
      );
    });

    it('wants the close that belongs to the status', () => {
      const { events } = richHistory();
      expect(checkHistory(events, { status: 'FAILED' })).toEqual([
        'the history ends as COMPLETED, but the run is said to be FAILED',
      ]);
      expect(checkHistory(events, { status: 'RUNNING' })).toHaveLength(1);
      expect(checkHistory(events.slice(0, -1), { status: 'COMPLETED' })).toContainEqual(
        'the history ends as RUNNING, but the run is said to be COMPLETED',
      );
    });

    it('wants the first workflow task with the start, unless it is delayed', () => {
      const h = new HistoryBuilder().start();
      h.add('WorkflowExecutionCancelRequested', {});
      h.scheduleTask();
      expect(checkHistory(h.events)).toContainEqual(expect.stringMatching(/follows the start/));
      const delayed = new HistoryBuilder().start({ firstWorkflowTaskBackoffMs: 1_000 });
      delayed.signal();
      expect(checkHistory(delayed.events)).toEqual([]);
    });
  });

  describe('workflow tasks', () => {
    it('wants one pending at a time', () => {
      const h = new HistoryBuilder().start();
      h.scheduleTask();
      h.scheduleTask();
      expect(checkHistory(h.events)).toContainEqual(
        expect.stringMatching(/while the one of event 2 is pending/),
      );
    });

    it('wants a start to refer to a schedule that waits', () => {
      expect(
        afterChange((events) => withAttributes(events, 'WorkflowTaskStarted', { scheduledEventId: 1 })),
      ).toContainEqual(expect.stringMatching(/refers to event 1, not to its schedule/));
      const h = new HistoryBuilder().start();
      h.task();
      h.startTask(2);
      expect(checkHistory(h.events)).toContainEqual(
        expect.stringMatching(/comes while no workflow task waits to be started/),
      );
    });

    it('wants the history to have grown between two starts', () => {
      expect(
        afterChange((events) => withAttributes(events, 'WorkflowTaskStarted', { historySizeBytes: 1 }, 2)),
      ).toContainEqual(expect.stringMatching(/no larger than it was/));
    });

    it('wants a start to say so exactly when the history is long or large', () => {
      expect(
        afterChange((events) =>
          withAttributes(events, 'WorkflowTaskStarted', { suggestContinueAsNew: true }),
        ),
      ).toContainEqual(expect.stringMatching(/says to continue as new/));
      const large = { historySizeBytes: 4 * 1024 * 1024 };
      expect(afterChange((events) => withAttributes(events, 'WorkflowTaskStarted', large, 2))).toContainEqual(
        expect.stringMatching(/says not to continue as new/),
      );
    });

    it.each(['WorkflowTaskCompleted', 'WorkflowTaskFailed', 'WorkflowTaskTimedOut'] as const)(
      'wants %s to refer to its schedule and start',
      (type) => {
        expect(afterChange((events) => withAttributes(events, type, { scheduledEventId: 1 }))).toContainEqual(
          expect.stringMatching(/refers to event 1, not to its schedule/),
        );
        expect(afterChange((events) => withAttributes(events, type, { startedEventId: 1 }))).toContainEqual(
          expect.stringMatching(/refers to event 1, not to its start/),
        );
      },
    );

    it('wants a task to be started before it ends', () => {
      const h = new HistoryBuilder().start();
      h.scheduleTask();
      h.add('WorkflowTaskCompleted', { scheduledEventId: 2, startedEventId: 0 });
      expect(checkHistory(h.events)).toContainEqual(expect.stringMatching(/not started/));
    });

    it('wants schedule-to-start timeouts of sticky tasks alone, and never started ones', () => {
      expect(
        afterChange((events) => withAttributes(events, 'WorkflowTaskScheduled', { sticky: false }, 4)),
      ).toContainEqual(expect.stringMatching(/times out the wait of a task that is not sticky/));
      const h = new HistoryBuilder().start();
      h.scheduleTask({ sticky: true });
      h.startTask();
      h.add('WorkflowTaskTimedOut', {
        scheduledEventId: 2,
        startedEventId: 3,
        timeoutType: 'SCHEDULE_TO_START',
      });
      expect(checkHistory(h.events)).toContainEqual(
        expect.stringMatching(/says that a started task never started/),
      );
      expect(
        afterChange((events) => withAttributes(events, 'WorkflowTaskTimedOut', { timeoutType: 'HEARTBEAT' })),
      ).toContainEqual(expect.stringMatching(/which workflow tasks do not have/));
    });

    it('wants further attempts only behind a failure, and only once they succeeded', () => {
      const h = new HistoryBuilder().start();
      h.task({ attempt: 2 });
      expect(checkHistory(h.events)).toContainEqual(
        expect.stringMatching(/no failed or timed out task directly before/),
      );

      const failedTwice = new HistoryBuilder().start();
      failedTwice.scheduleTask();
      failedTwice.startTask();
      failedTwice.failTask();
      failedTwice.scheduleTask({ attempt: 2 });
      expect(checkHistory(failedTwice.events)).toContainEqual(
        expect.stringMatching(/is of a further attempt, which is written once it succeeded/),
      );
      failedTwice.startTask();
      failedTwice.failTask();
      expect(checkHistory(failedTwice.events)).toEqual([
        'event 7 WorkflowTaskFailed is written for attempt 2; only a first one writes it',
        'event 6 WorkflowTaskStarted is of a further attempt, and no WorkflowTaskCompleted directly follows',
      ]);
    });

    it('wants an attempt to be counted when nothing new came, and not after a sticky task', () => {
      expect(
        afterChange((events) => withAttributes(events, 'WorkflowTaskScheduled', { attempt: 1 }, 2)),
      ).toContainEqual(expect.stringMatching(/is a first attempt, but no news came/));
      expect(
        afterChange((events) => withAttributes(events, 'WorkflowTaskScheduled', { attempt: 2 }, 5)),
      ).toContainEqual(expect.stringMatching(/the end of a sticky task counts no attempt/));
    });

    it('wants a failed task to clear stickiness', () => {
      expect(
        afterChange((events) => withAttributes(events, 'WorkflowTaskScheduled', { sticky: true }, 5)),
      ).toContainEqual(expect.stringMatching(/is sticky, but the end of the task before cleared that/));
      expect(
        afterChange((events) => withAttributes(events, 'WorkflowTaskScheduled', { sticky: true }, 2)),
      ).toContainEqual(expect.stringMatching(/is a further attempt, yet sticky/));
    });

    it('wants UNHANDLED_COMMAND only when events waited', () => {
      const h = new HistoryBuilder().start();
      h.scheduleTask();
      h.startTask();
      h.failTask('UNHANDLED_COMMAND');
      h.scheduleTask({ attempt: 2 });
      h.startTask();
      h.completeTask();
      expect(checkHistory(h.events)).toEqual([
        'event 4 WorkflowTaskFailed failed for events that waited, but none follows',
      ]);
    });

    it('wants events from outside to be told to the workflow', () => {
      const h = new HistoryBuilder().start();
      h.task();
      h.signal();
      expect(checkHistory(h.events)).toEqual([
        'event 5 WorkflowExecutionSignaled came from outside, and no workflow task tells the workflow of it',
      ]);
    });
  });

  describe('commands and the buffer', () => {
    it('wants the events of commands in one block behind the completed task, referring to it', () => {
      const h = new HistoryBuilder().start();
      const completed = h.task();
      h.signal();
      h.startTimer(completed);
      expect(checkHistory(h.events)).toContainEqual(
        expect.stringMatching(/TimerStarted is of a command, but not in the block/),
      );
      expect(
        afterChange((events) => withAttributes(events, 'TimerStarted', { workflowTaskCompletedEventId: 1 })),
      ).toContainEqual(expect.stringMatching(/refers to event 1, not to its completed task/));
    });

    it('wants nothing from outside while a task is started', () => {
      const h = new HistoryBuilder().start();
      h.scheduleTask();
      h.startTask();
      h.signal();
      expect(checkHistory(h.events)).toContainEqual(
        expect.stringMatching(/written while a workflow task was started/),
      );
    });

    it('wants outcomes of activities behind the rest of what the buffer held', () => {
      expect(
        afterChange((events) => {
          const failed = indexOf(events, 'ActivityTaskFailed');
          const fired = indexOf(events, 'TimerFired');
          [events[failed], events[fired]] = [events[fired]!, events[failed]!];
          renumber(events);
        }),
      ).toContainEqual(expect.stringMatching(/TimerFired stands behind the outcome of an activity/));
    });
  });

  describe('activities', () => {
    it('wants one pending activity per id', () => {
      const h = new HistoryBuilder().start();
      const completed = h.task();
      h.scheduleActivity(completed);
      h.scheduleActivity(completed);
      expect(checkHistory(h.events)).toEqual([
        'event 6 ActivityTaskScheduled has the activity id "a" of event 5, which is pending',
      ]);
    });

    it('wants every later event to refer to the schedule', () => {
      for (const type of [
        'ActivityTaskStarted',
        'ActivityTaskCompleted',
        'ActivityTaskFailed',
        'ActivityTaskCanceled',
        'ActivityTaskCancelRequested',
      ] as const) {
        expect(afterChange((events) => withAttributes(events, type, { scheduledEventId: 1 }))).toContainEqual(
          expect.stringMatching(`${type} refers to event 1, which schedules no activity`),
        );
      }
    });

    it('wants outcomes to refer to the start, and a start with its outcome', () => {
      expect(
        afterChange((events) => withAttributes(events, 'ActivityTaskCompleted', { startedEventId: 1 })),
      ).toContainEqual(expect.stringMatching(/refers to event 1 as its start/));
      const h = new HistoryBuilder().start();
      const scheduled = h.scheduleActivity(h.task());
      h.startActivity(scheduled);
      h.scheduleTask();
      expect(checkHistory(h.events)).toEqual([
        'event 6 ActivityTaskStarted is written without the outcome of the activity',
      ]);
    });

    it('wants at most one outcome', () => {
      const h = new HistoryBuilder().start();
      const scheduled = h.scheduleActivity(h.task());
      const started = h.startActivity(scheduled);
      h.completeActivity(scheduled, started);
      h.completeActivity(scheduled, started);
      h.scheduleTask();
      expect(checkHistory(h.events)).toEqual([
        'event 8 ActivityTaskCompleted resolves again what event 7 resolved',
      ]);
    });

    it('wants completed and failed ones to have started', () => {
      const h = new HistoryBuilder().start();
      const scheduled = h.scheduleActivity(h.task());
      h.completeActivity(scheduled, 0);
      h.scheduleTask();
      expect(checkHistory(h.events)).toEqual([
        'event 6 ActivityTaskCompleted resolves an activity that never started',
      ]);
    });

    it('wants attempts within the policy, with the failure of the one before', () => {
      expect(
        afterChange((events) => withAttributes(events, 'ActivityTaskStarted', { attempt: 3 }, 2)),
      ).toContainEqual(expect.stringMatching(/has attempt 3 of at most 2/));
      expect(
        afterChange((events) => withAttributes(events, 'ActivityTaskStarted', { attempt: 2 })),
      ).toContainEqual(expect.stringMatching(/but not the failure of the one before/));
      expect(
        afterChange((events) => withAttributes(events, 'ActivityTaskStarted', { attempt: 1 }, 2)),
      ).toContainEqual(expect.stringMatching(/is a first attempt with a last failure/));
    });

    it('wants a final failure', () => {
      expect(
        afterChange((events) => withAttributes(events, 'ActivityTaskFailed', { retryState: 'IN_PROGRESS' })),
      ).toContainEqual(expect.stringMatching(/says that a retry follows/));
    });

    it.each<[TimeoutType, boolean]>([
      ['START_TO_CLOSE', false],
      ['HEARTBEAT', false],
      ['SCHEDULE_TO_START', true],
    ])('wants %s timeouts not of what has started: %s', (timeoutType, started) => {
      const h = new HistoryBuilder().start();
      const scheduledEventId = h.scheduleActivity(h.task());
      const startedEventId = started ? h.startActivity(scheduledEventId) : 0;
      h.add('ActivityTaskTimedOut', {
        scheduledEventId,
        startedEventId,
        retryState: 'NON_RETRYABLE_FAILURE',
        failure: { message: '', info: { kind: 'timeout', timeoutType } },
      });
      h.scheduleTask();
      expect(checkHistory(h.events)).toEqual([
        expect.stringMatching(`${timeoutType} timeout of what ${started ? 'had' : 'never'} started`),
      ]);
    });

    it('wants a cancel request before the cancellation, once, of what is not resolved', () => {
      expect(
        afterChange((events) =>
          withAttributes(events, 'ActivityTaskCanceled', { latestCancelRequestedEventId: 2 }),
        ),
      ).toContainEqual(expect.stringMatching(/refers to event 2 as its cancel request/));

      const h = new HistoryBuilder().start();
      const first = h.task();
      const scheduledEventId = h.scheduleActivity(first);
      h.add('ActivityTaskCanceled', { scheduledEventId, startedEventId: 0 });
      const second = h.task();
      const request = { scheduledEventId, workflowTaskCompletedEventId: second };
      h.add('ActivityTaskCancelRequested', request);
      h.add('ActivityTaskCancelRequested', request);
      expect(checkHistory(h.events)).toEqual([
        'event 6 ActivityTaskCanceled cancels an activity that the workflow did not cancel',
        'event 10 ActivityTaskCancelRequested cancels an activity that the workflow saw resolved',
        'event 11 ActivityTaskCancelRequested cancels an activity that the workflow saw resolved',
        'event 11 ActivityTaskCancelRequested asks again for what event 10 asked',
      ]);
    });
  });

  describe('timers', () => {
    it('wants one pending timer per id', () => {
      const h = new HistoryBuilder().start();
      const completed = h.task();
      h.startTimer(completed);
      h.startTimer(completed);
      expect(checkHistory(h.events)).toEqual([
        'event 6 TimerStarted has the timer id "t" of event 5, which is pending',
      ]);
    });

    it.each(['TimerFired', 'TimerCanceled'] as const)('wants %s to refer to its start', (type) => {
      expect(afterChange((events) => withAttributes(events, type, { startedEventId: 1 }))).toContainEqual(
        expect.stringMatching(/refers to event 1, which starts no timer/),
      );
      expect(afterChange((events) => withAttributes(events, type, { timerId: 'x' }))).toContainEqual(
        expect.stringMatching(/names timer "x"/),
      );
    });

    it('wants at most one end', () => {
      const h = new HistoryBuilder().start();
      const timer = h.startTimer(h.task());
      h.wait(5);
      h.add('TimerFired', { timerId: 't', startedEventId: timer });
      const completed = h.task();
      h.add('TimerCanceled', {
        timerId: 't',
        startedEventId: timer,
        workflowTaskCompletedEventId: completed,
      });
      expect(checkHistory(h.events)).toEqual(['event 10 TimerCanceled ends again what event 6 ended']);
    });

    it('wants no timer to fire before its time', () => {
      expect(
        afterChange((events) => withAttributes(events, 'TimerStarted', { startToFireTimeoutMs: 60_000 })),
      ).toContainEqual(expect.stringMatching(/TimerFired fired \d+ ms before its time/));
    });
  });

  describe('messages', () => {
    it('wants each request once', () => {
      const h = new HistoryBuilder().start();
      h.task();
      h.signal('go', 'r');
      h.scheduleTask();
      h.signal('go', 'r');
      h.add('WorkflowExecutionCancelRequested', {});
      h.add('WorkflowExecutionCancelRequested', {});
      expect(checkHistory(h.events)).toEqual([
        'event 7 WorkflowExecutionSignaled repeats the request "r" of event 5',
        'event 9 WorkflowExecutionCancelRequested asks again for what event 8 asked',
      ]);
    });

    it('wants answers to refer to what was asked, once', () => {
      expect(
        afterChange((events) =>
          withAttributes(events, 'ExternalWorkflowExecutionSignaled', { initiatedEventId: 1 }),
        ),
      ).toContainEqual(expect.stringMatching(/refers to event 1, which is no SignalExternal/));
      const h = new HistoryBuilder().start();
      const target = { namespace: 'default', workflowExecution: { workflowId: 'x' } };
      const initiatedEventId = h.add('RequestCancelExternalWorkflowExecutionInitiated', {
        ...target,
        workflowTaskCompletedEventId: h.task(),
      });
      h.add('ExternalWorkflowExecutionCancelRequested', { ...target, initiatedEventId });
      h.scheduleTask();
      h.add('RequestCancelExternalWorkflowExecutionFailed', {
        ...target,
        initiatedEventId,
        workflowTaskCompletedEventId: 0,
        cause: 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND',
      });
      expect(checkHistory(h.events)).toEqual([
        'event 8 RequestCancelExternalWorkflowExecutionFailed answers again what event 6 answered',
      ]);
    });
  });

  describe('times', () => {
    /** Moves the nth event of a type in time. */
    function shifted(eventType: EventType, byMs: number, nth = 1): string[] {
      return afterChange((events) => {
        const event = events.filter((candidate) => candidate.eventType === eventType)[nth - 1]!;
        events[event.eventId - 1] = { ...event, eventTimeMs: event.eventTimeMs + byMs };
      });
    }

    it('want to go forwards', () => {
      expect(shifted('WorkflowTaskStarted', -1_000)).toContainEqual(
        expect.stringMatching(/WorkflowTaskStarted has a time 999 ms before the event before/),
      );
      expect(shifted('MarkerRecorded', -3)).toContainEqual(expect.stringMatching(/before the event before/));
    });

    it('let what waited in the buffer keep its time, but not from before the task it waited for', () => {
      expect(shifted('TimerFired', -2)).toContainEqual(
        expect.stringMatching(/before the start of the task that it could have waited for/),
      );
    });

    it('let the start of an activity keep its time, but not from before its schedule or behind its outcome', () => {
      expect(shifted('ActivityTaskStarted', -4, 2)).toEqual([]);
      expect(shifted('ActivityTaskStarted', -1_000)).toContainEqual(
        expect.stringMatching(/ActivityTaskStarted has a time \d+ ms before its schedule/),
      );
      expect(shifted('ActivityTaskStarted', 1_000)).toContainEqual(
        expect.stringMatching(/ActivityTaskCompleted has a time \d+ ms before its start/),
      );
    });
  });
});
