import { fireTimers, parseMember, primaryOf, WORKFLOW_TASK_STATES } from '@tidewheel/store';
import type { WorkflowTaskState } from '@tidewheel/store';
import type { EngineContext, RunAddress } from '../engine-context.js';
import { readRoute, routeStreams, runAddress } from '../engine-context.js';
import { timeOutRun } from '../terminate-workflow.js';
import { dispatchBackedOffWorkflowTask } from '../workflow-task/dispatch-workflow-task.js';
import {
  endSilentWorkflowTask,
  forceEndWorkflowTask,
  timeOutWorkflowTask,
} from '../workflow-task/end-workflow-task.js';
import type { WorkflowTaskStamp } from '../workflow-task/end-workflow-task.js';
import { endDueActivity } from '../activity-task/end-due-activity.js';
import type { Duty } from './duty.js';

/** Runs looked at in one go. */
const BATCH = 100;
/** Longest time between two looks; sooner timers ring (see include/execution.lua). */
const PERIOD_MS = 2_000;
/** How long another pump leaves alone what this one was told to do. */
const LEASE_MS = 2_000;
const MAX_ROUNDS = 20;

/** Fires a partition's timers and timeouts when they are due. */
export class TimerPump implements Duty {
  readonly name: string;
  /** How far the Redis server's clock is ahead of ours. */
  private clockAheadMs = 0;
  private clockReadMs = 0;

  constructor(
    private readonly context: EngineContext,
    private readonly partition: number,
  ) {
    this.name = `timers of partition ${partition}`;
  }

  async turn(): Promise<number> {
    await this.readClock();
    const { timers } = this.context.keys.partition(this.partition);
    const entries = await this.context.redis.zrangebyscore(
      timers,
      '-inf',
      '+inf',
      'WITHSCORES',
      'LIMIT',
      0,
      BATCH,
    );
    const nowMs = Date.now() + this.clockAheadMs;
    const due: string[] = [];
    let nextMs = nowMs + PERIOD_MS;
    for (let i = 0; i + 1 < entries.length; i += 2) {
      const atMs = Number(entries[i + 1]);
      if (atMs <= nowMs) due.push(entries[i] as string);
      else nextMs = Math.min(nextMs, atMs);
    }
    await Promise.all(due.map((member) => this.look(member)));
    // What became due meanwhile did not ring: there were entries before it.
    if (due.length > 0) return 0;
    return nextMs - (Date.now() + this.clockAheadMs);
  }

  /** Looks at one run; returns when it has to be looked at again, 0 for never. */
  private async look(member: string): Promise<number> {
    const { context } = this;
    const { namespace, workflowId } = parseMember(member);
    const execution = context.keys.executionAt(this.partition, namespace, workflowId);
    const partition = context.keys.partition(this.partition);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const route = (await readRoute(context, execution)) ?? {
        runId: '',
        status: '',
        taskQueue: '',
        sticky: '',
      };
      const run = runAddress(context, execution, route.runId);
      const reply = await fireTimers(context.run, {
        executionKey: execution.execution,
        historyKey: run.history,
        bufferKey: run.buffer,
        timersKey: partition.timers,
        notifyKey: partition.notify,
        ...routeStreams(context, execution, route),
        member,
        taskQueue: route.taskQueue,
        sticky: route.sticky,
        currentRunId: route.runId,
        leaseMs: LEASE_MS,
      });
      if (reply[0] === 0) return reply[1];
      if (reply[0] === -1) continue;
      if (reply[0] === -2) {
        const stamp = { scheduledEventId: reply[1], startedEventId: reply[2], attempt: reply[3] };
        await forceEndWorkflowTask(context, run, reply[4].toString(), stamp);
        continue;
      }
      const [, , nextMs, runDue, taskState, scheduledEventId, startedEventId, attempt, activities] = reply;
      if (runDue === 1) await timeOutRun(context, run);
      else {
        const stamp = { scheduledEventId, startedEventId, attempt };
        await this.endTask(run, route.taskQueue, WORKFLOW_TASK_STATES[taskState] ?? 'NONE', stamp);
        for (let i = 0; i + 1 < activities.length; i += 2) {
          await endDueActivity(context, run, route, activities[i] as Buffer, activities[i + 1] as Buffer);
        }
      }
      return nextMs;
    }
    return 0;
  }

  private async endTask(
    run: RunAddress,
    taskQueue: string,
    state: WorkflowTaskState,
    stamp: WorkflowTaskStamp,
  ): Promise<void> {
    switch (state) {
      case 'STARTED':
        await endSilentWorkflowTask(this.context, run, taskQueue, stamp);
        break;
      case 'SCHEDULED':
        await timeOutWorkflowTask(
          this.context,
          run,
          taskQueue,
          { ...stamp, startedEventId: 0 },
          'SCHEDULE_TO_START',
        );
        break;
      case 'BACKING_OFF':
        await dispatchBackedOffWorkflowTask(this.context, run, taskQueue, stamp);
        break;
      case 'NONE':
      case 'QUARANTINED':
    }
  }

  /** Compares the clocks once a minute. */
  private async readClock(): Promise<void> {
    if (Date.now() - this.clockReadMs < 60_000) return;
    const { timers } = this.context.keys.partition(this.partition);
    const [seconds, micros] = await primaryOf(this.context.redis, timers).time();
    this.clockReadMs = Date.now();
    this.clockAheadMs = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000) - this.clockReadMs;
  }
}
