import type { Context } from '@tidewheel/activity/runtime';
import {
  ApplicationFailure,
  CancelledFailure,
  SESSION_ACTIVITIES,
  SESSION_FAILED,
  sessionCreationQueue,
} from '@tidewheel/common';
import type { OpenedSession } from '@tidewheel/common';
import { Slots } from '@tidewheel/polling';
import type { Poller, TaskRoom, TaskSlots } from '@tidewheel/polling';
import { hostname } from 'node:os';
import { ActivityExecutor } from '../activity/activity-executor.js';
import type { ActivityExecutorOptions, BoundActivity } from '../activity/activity-executor.js';
import { ActivityPoller } from '../activity/activity-poller.js';
import type { ActivitySlotInfo } from '../slots/index.js';
import { OpenSessions, SessionSlots } from './open-sessions.js';

/** What a session worker is made of. */
interface SessionWorkerOptions {
  /** Of the worker's own executor; sessions have executors beside it. */
  readonly executor: Omit<ActivityExecutorOptions, 'activities' | 'slots'>;
  /** Runs the activities of the sessions, in the worker's own slots. */
  readonly activities: ActivityExecutor;
  readonly activitySlots: TaskSlots<ActivitySlotInfo>;
  /** What may be taken of them by a poll. */
  readonly activityRoom: TaskRoom;
  readonly maxSessions: number;
}

/** A host that is lost is noticed after the timeout; a heartbeat that is late should not look like it. */
const HEARTBEAT_SHARE = 0.4;
const LASTED_TOO_LONG = 'it has lasted longer than its executionTimeout';

/**
 * The part of a worker that opens sessions, holds them, and runs their activities. It polls three queues: the one on
 * which all session workers of the task queue open sessions, one of its own for the activities of its sessions, and one
 * to hold and close them, so that no number of activities can keep a session from its heartbeats.
 */
export class SessionWorker {
  /** The queue of this host. */
  readonly taskQueue: string;
  readonly pollers: readonly Poller[];
  private readonly slots: SessionSlots;
  private readonly controlSlots: Slots;
  private readonly sessions: OpenSessions;
  private readonly controlTaskQueue: string;

  constructor(parts: SessionWorkerOptions) {
    const { executor, activities, activitySlots, activityRoom, maxSessions } = parts;
    const { engine, options, workerId } = executor;
    this.taskQueue = `session:${hostname()}:${workerId}`;
    this.controlTaskQueue = `${this.taskQueue}:control`;
    this.slots = new SessionSlots(maxSessions);
    // Each session may be held and closed at the same time.
    this.controlSlots = new Slots(2 * maxSessions);
    this.sessions = new OpenSessions(this.slots);
    const creation = new ActivityExecutor({
      ...executor,
      activities: new Map<string, BoundActivity>([
        [SESSION_ACTIVITIES.open, (context) => this.open(context)],
      ]),
      slots: this.slots,
    });
    const control = new ActivityExecutor({
      ...executor,
      activities: new Map<string, BoundActivity>([
        [SESSION_ACTIVITIES.hold, (context, [sessionId]) => this.hold(context, String(sessionId))],
        [SESSION_ACTIVITIES.close, (_, [sessionId]) => this.sessions.close(String(sessionId))],
      ]),
      slots: this.controlSlots,
      heartbeatShare: HEARTBEAT_SHARE,
    });
    const { namespace, logger } = options;
    const { metrics } = executor;
    const poll = (
      taskQueue: string,
      by: ActivityExecutor,
      slots: TaskSlots<ActivitySlotInfo>,
      room: TaskRoom = slots,
    ): Poller =>
      new ActivityPoller({ engine, namespace, logger, metrics, taskQueue, slots, room, executor: by });
    this.pollers = [
      poll(this.controlTaskQueue, control, this.controlSlots),
      poll(this.taskQueue, activities, activitySlots, activityRoom),
      poll(sessionCreationQueue(options.taskQueue), creation, this.slots),
    ];
  }

  /** Sessions that are open, and how many may be. */
  get status(): { readonly open: number; readonly size: number } {
    return { open: this.sessions.count, size: this.slots.size };
  }

  /** Ends the sessions, so that their workflows go on elsewhere. */
  shutDown(): void {
    this.sessions.shutDown();
  }

  /** Resolves when no session is open and nothing is done for one. */
  async whenUnused(): Promise<void> {
    await Promise.all([this.slots.whenUnused(), this.controlSlots.whenUnused()]);
  }

  private open({ info }: Context): OpenedSession {
    const sessionId = `${info.workflowExecution.runId}:${info.activityId}:${info.attempt}`;
    this.sessions.open(sessionId);
    return { sessionId, taskQueue: this.taskQueue, controlTaskQueue: this.controlTaskQueue };
  }

  private async hold(context: Context, sessionId: string): Promise<void> {
    const { heartbeatTimeoutMs } = context.info;
    context.heartbeat();
    const beating =
      heartbeatTimeoutMs === undefined
        ? undefined
        : setInterval(() => context.heartbeat(), heartbeatTimeoutMs * HEARTBEAT_SHARE);
    try {
      await this.sessions.hold(sessionId, context.cancelled);
    } catch (error) {
      // The engine notices it at the same time; what the workflow hears should be the same.
      const isOver = error instanceof CancelledFailure && error.message === 'TIMED_OUT';
      throw isOver ? ApplicationFailure.nonRetryable(LASTED_TOO_LONG, SESSION_FAILED) : error;
    } finally {
      clearInterval(beating);
    }
  }
}
