// What official workers do behind the scenes, call by call.
import type { temporal } from '@temporalio/proto';
import { CommandType, TaskQueueKind, WorkflowTaskFailedCause } from '../harness/proto-enums.js';
import type { WorkflowService } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import assert from 'node:assert/strict';
import { onlyEvent, typesOf, WORKFLOW_TASK } from '../harness/history.js';
import type { ScenarioContext } from '../harness/scenario-context.js';
import type { Scenario } from '../harness/scenario.js';
import { within } from '../harness/wait.js';
import { sleepFor, waitForCancellation } from '../workflows/timer-workflows.js';

type WorkflowTask = temporal.api.workflowservice.v1.IPollWorkflowTaskQueueResponse;
type Completion = temporal.api.workflowservice.v1.IRespondWorkflowTaskCompletedRequest;
type Command = temporal.api.command.v1.ICommand;

const NOT_FOUND = 5;
const INVALID_ARGUMENT = 3;
const IDENTITY = 'a hand-made worker';

/** A worker of which each call is made by hand. */
class HandMadeWorker {
  readonly sticky: string;
  private readonly service: WorkflowService;

  constructor(private readonly context: ScenarioContext) {
    this.service = context.connection.workflowService;
    this.sticky = `${context.taskQueue}-sticky`;
  }

  async poll(sticky = false): Promise<WorkflowTask> {
    return await this.service.pollWorkflowTaskQueue({
      namespace: 'default',
      taskQueue: sticky
        ? {
            name: this.sticky,
            kind: TaskQueueKind.TASK_QUEUE_KIND_STICKY,
            normalName: this.context.taskQueue,
          }
        : { name: this.context.taskQueue, kind: TaskQueueKind.TASK_QUEUE_KIND_NORMAL },
      identity: IDENTITY,
    });
  }

  async complete(
    task: WorkflowTask,
    commands: Command[],
    options: Completion = {},
  ): Promise<temporal.api.workflowservice.v1.RespondWorkflowTaskCompletedResponse> {
    return await this.service.respondWorkflowTaskCompleted({
      namespace: 'default',
      identity: IDENTITY,
      taskToken: task.taskToken ?? new Uint8Array(),
      commands,
      ...options,
    });
  }

  stickyAttributes(): Completion {
    return {
      stickyAttributes: {
        workerTaskQueue: {
          name: this.sticky,
          kind: TaskQueueKind.TASK_QUEUE_KIND_STICKY,
          normalName: this.context.taskQueue,
        },
        scheduleToStartTimeout: { seconds: 10 as never },
      },
    };
  }
}

const COMPLETE: Command = {
  commandType: CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
  completeWorkflowExecutionCommandAttributes: {},
};

function schedule(context: ScenarioContext, activityId: string, eager: boolean): Command {
  return {
    commandType: CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
    scheduleActivityTaskCommandAttributes: {
      activityId,
      activityType: { name: 'anything' },
      taskQueue: { name: context.taskQueue },
      startToCloseTimeout: { seconds: 60 as never },
      requestEagerExecution: eager,
    },
  };
}

function idsOf(task: WorkflowTask): number[] {
  return (task.history?.events ?? []).map(({ eventId }) => Number(eventId));
}

function hasCode(code: number, details?: RegExp): (error: unknown) => boolean {
  return (error) => {
    const { code: found, details: text = '' } = error as { code?: number; details?: string };
    assert.equal(found, code, text);
    if (details) assert.match(text, details);
    return true;
  };
}

export const protocolScenarios: readonly Scenario[] = [
  {
    name: 'protocol-workflow-task',
    replays: false,
    async run(context) {
      const worker = new HandMadeWorker(context);
      const handle = await context.start(waitForCancellation, {});
      const task = await worker.poll();
      assert.ok((task.taskToken?.length ?? 0) > 0);
      assert.equal(task.workflowExecution?.workflowId, handle.workflowId);
      assert.equal(task.workflowExecution.runId, handle.firstExecutionRunId);
      assert.equal(task.workflowType?.name, 'waitForCancellation');
      assert.equal(task.workflowExecutionTaskQueue?.name, context.taskQueue);
      assert.equal(Number(task.previousStartedEventId), 0);
      assert.equal(Number(task.startedEventId), 3);
      assert.equal(task.attempt, 1);
      assert.ok(task.scheduledTime && task.startedTime);
      assert.deepEqual(typesOf(task.history ?? {}), [
        'WorkflowExecutionStarted',
        'WorkflowTaskScheduled',
        'WorkflowTaskStarted',
      ]);
      await worker.complete(task, [COMPLETE]);
      await handle.result();
      assert.deepEqual(await context.eventTypes(handle), [
        'WorkflowExecutionStarted',
        ...WORKFLOW_TASK,
        'WorkflowExecutionCompleted',
      ]);
      await assert.rejects(worker.complete(task, [COMPLETE]), hasCode(NOT_FOUND));
    },
  },
  {
    name: 'protocol-sticky-task-has-partial-history',
    replays: false,
    async run(context) {
      const worker = new HandMadeWorker(context);
      const handle = await context.start(waitForCancellation, {});
      await worker.complete(await worker.poll(), [], worker.stickyAttributes());
      const polled = worker.poll(true);
      await handle.signal('x');
      const task = await polled;
      assert.deepEqual(idsOf(task), [4, 5, 6, 7], 'what follows the start of the last task');
      assert.equal(Number(task.previousStartedEventId), 3);
      assert.equal(Number(task.startedEventId), 7);
      assert.equal(task.workflowExecutionTaskQueue?.name, context.taskQueue, 'the name of the normal queue');
      await worker.complete(task, [COMPLETE]);
      await handle.result();
    },
  },
  {
    name: 'protocol-eager-activities',
    replays: false,
    async run(context) {
      const worker = new HandMadeWorker(context);
      const { workflowService } = context.connection;
      const handle = await context.start(waitForCancellation, {});
      const task = await worker.poll();
      const { activityTasks } = await worker.complete(task, [
        schedule(context, 'one', true),
        schedule(context, 'two', false),
      ]);
      assert.equal(activityTasks.length, 1);
      const [eager] = activityTasks;
      assert.equal(eager?.activityId, 'one');
      assert.equal(eager.workflowExecution?.workflowId, handle.workflowId);
      assert.equal(eager.attempt, 1);
      await workflowService.respondActivityTaskCompleted({
        namespace: 'default',
        identity: IDENTITY,
        taskToken: eager.taskToken ?? new Uint8Array(),
      });
      const polled = await workflowService.pollActivityTaskQueue({
        namespace: 'default',
        identity: IDENTITY,
        taskQueue: { name: context.taskQueue, kind: TaskQueueKind.TASK_QUEUE_KIND_NORMAL },
      });
      assert.equal(polled.activityId, 'two');
      assert.equal(polled.activityType?.name, 'anything');
      assert.equal(Number(polled.startToCloseTimeout?.seconds), 60);
      await workflowService.respondActivityTaskCompleted({
        namespace: 'default',
        identity: IDENTITY,
        taskToken: polled.taskToken,
      });
      await worker.complete(await worker.poll(), [COMPLETE]);
      await handle.result();
    },
  },
  {
    name: 'protocol-new-task-comes-with-completion',
    replays: false,
    async run(context) {
      const worker = new HandMadeWorker(context);
      const handle = await context.start(waitForCancellation, {});
      const first = await worker.poll();
      await handle.signal('buffered');
      const { workflowTask } = await worker.complete(first, [], {
        ...worker.stickyAttributes(),
        returnNewWorkflowTask: true,
      });
      assert.ok(workflowTask?.taskToken?.length, 'the next task is in the answer');
      assert.deepEqual(idsOf(workflowTask), [4, 5, 6, 7]);
      assert.deepEqual(typesOf(workflowTask.history ?? {}), [
        'WorkflowTaskCompleted',
        'WorkflowExecutionSignaled',
        'WorkflowTaskScheduled',
        'WorkflowTaskStarted',
      ]);
      await worker.complete(workflowTask, [COMPLETE]);
      await handle.result();
    },
  },
  {
    name: 'protocol-forced-next-task',
    replays: false,
    async run(context) {
      const worker = new HandMadeWorker(context);
      const handle = await context.start(waitForCancellation, {});
      const { workflowTask } = await worker.complete(await worker.poll(), [], {
        ...worker.stickyAttributes(),
        returnNewWorkflowTask: true,
        forceCreateNewWorkflowTask: true,
      });
      assert.ok(workflowTask?.taskToken?.length);
      await worker.complete(workflowTask, [COMPLETE]);
      await handle.result();
      assert.deepEqual(await context.eventTypes(handle), [
        'WorkflowExecutionStarted',
        ...WORKFLOW_TASK,
        ...WORKFLOW_TASK,
        'WorkflowExecutionCompleted',
      ]);
    },
  },
  {
    name: 'protocol-unhandled-command',
    replays: false,
    async run(context) {
      const worker = new HandMadeWorker(context);
      const handle = await context.start(waitForCancellation, {});
      const task = await worker.poll();
      await handle.signal('unseen');
      await assert.rejects(
        worker.complete(task, [COMPLETE]),
        hasCode(INVALID_ARGUMENT, /^UnhandledCommand$/),
      );
      const again = await worker.poll();
      assert.equal(again.attempt, 1);
      await worker.complete(again, [COMPLETE]);
      await handle.result();
    },
  },
  {
    name: 'protocol-bad-commands-fail-the-task',
    replays: false,
    async run(context) {
      const worker = new HandMadeWorker(context);
      const handle = await context.start(waitForCancellation, {});
      const withoutTimeout: Command = {
        commandType: CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
        scheduleActivityTaskCommandAttributes: {
          activityId: 'one',
          activityType: { name: 'anything' },
          taskQueue: { name: context.taskQueue },
        },
      };
      const task = await worker.poll();
      await assert.rejects(worker.complete(task, [withoutTimeout]), hasCode(INVALID_ARGUMENT));
      const failed = onlyEvent(await context.history(handle), 'WorkflowTaskFailed');
      assert.equal(
        failed.workflowTaskFailedEventAttributes?.cause,
        WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES,
      );
      const again = await worker.poll();
      assert.equal(again.attempt, 2);
      await worker.complete(again, [COMPLETE]);
      await handle.result();
    },
  },
  {
    name: 'protocol-foreign-tokens-are-refused',
    replays: false,
    async run(context) {
      const { workflowService } = context.connection;
      const token = Buffer.from('not one of yours');
      const request = { namespace: 'default', identity: IDENTITY, taskToken: token };
      await assert.rejects(workflowService.respondWorkflowTaskCompleted(request), hasCode(INVALID_ARGUMENT));
      await assert.rejects(workflowService.respondActivityTaskCompleted(request), hasCode(INVALID_ARGUMENT));
      await assert.rejects(workflowService.recordActivityTaskHeartbeat(request), hasCode(INVALID_ARGUMENT));
    },
  },
  {
    name: 'protocol-requests-are-checked',
    replays: false,
    async run(context) {
      const { workflowService } = context.connection;
      const request = {
        namespace: 'default',
        workflowId: context.workflowId(),
        workflowType: { name: 'anything' },
        taskQueue: { name: context.taskQueue },
        requestId: randomUUID(),
      };
      for (const change of [
        { workflowId: '' },
        { workflowType: { name: '' } },
        { taskQueue: { name: '' } },
        { workflowId: 'x'.repeat(1_001) },
        { workflowRunTimeout: { seconds: -1 as never } },
      ]) {
        await assert.rejects(
          workflowService.startWorkflowExecution({ ...request, ...change }),
          hasCode(INVALID_ARGUMENT),
          JSON.stringify(change),
        );
      }
    },
  },
  {
    name: 'protocol-abandoned-polls-lose-no-task',
    replays: false,
    async run(context) {
      const worker = new HandMadeWorker(context);
      // Polls whose callers give up just before tasks arrive. A task that got lost would only come back after its timeout.
      const handles = [];
      for (let round = 0; round < 10; round++) {
        const stopping = new AbortController();
        const polls = Array.from({ length: 3 }, () =>
          context.connection.withAbortSignal(stopping.signal, () => worker.poll()).catch(() => undefined),
        );
        await sleep(200);
        stopping.abort();
        const handle = await context.start(sleepFor, { args: [1], workflowTaskTimeout: '2 minutes' });
        const polled = (await Promise.all(polls)).find((task) => (task?.taskToken?.length ?? 0) > 0);
        if (polled) await worker.complete(polled, [COMPLETE]);
        handles.push(handle);
      }
      await context.work();
      const results = Promise.all(handles.map((handle) => handle.result()));
      await within(60_000, 'all workflows', results);
    },
  },
];
