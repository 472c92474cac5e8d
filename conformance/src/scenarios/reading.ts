import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  NamespaceNotFoundError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { TaskQueueType } from '../harness/proto-enums.js';
import { randomUUID } from 'node:crypto';
import assert from 'node:assert/strict';
import { bundleOf } from '../harness/bundles.js';
import { eventsOfType } from '../harness/history.js';
import type { History } from '../harness/history.js';
import type { ScenarioContext } from '../harness/scenario-context.js';
import type { Scenario } from '../harness/scenario.js';
import { waitUntil } from '../harness/wait.js';
import { runActivity, runSequence } from '../workflows/activity-workflows.js';
import { collected, collectSignals } from '../workflows/message-workflows.js';
import { sleepFor, waitForCancellation } from '../workflows/timer-workflows.js';

/** Longer than the server keeps one long poll. */
const LONG_MS = 23_000;
/** The gRPC status that the client passes on when a history is read. */
const NOT_FOUND = 5;

async function idsOf(context: ScenarioContext, query: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of context.client.workflow.list({ query, pageSize: 3 }))
    ids.push(workflowId);
  return ids.sort();
}

interface HistoryPage {
  readonly history?: History | null;
  readonly nextPageToken: Uint8Array;
}

/** Ids of all events, read page by page, each of which must not be larger than asked for. */
async function idsOfPages(
  size: number,
  read: (token: { nextPageToken?: Uint8Array }) => Promise<HistoryPage>,
): Promise<number[]> {
  const ids: number[] = [];
  let token: { nextPageToken?: Uint8Array } = {};
  for (;;) {
    const { history, nextPageToken } = await read(token);
    const events = history?.events ?? [];
    assert.ok(events.length <= size);
    ids.push(...events.map(({ eventId }) => Number(eventId)));
    if (nextPageToken.length === 0) return ids;
    token = { nextPageToken };
  }
}

export const readingScenarios: readonly Scenario[] = [
  {
    name: 'result-over-several-long-polls',
    async run(context) {
      await context.work();
      const handle = await context.start(sleepFor, { args: [LONG_MS] });
      assert.equal(await handle.result(), 'awake');
    },
  },
  {
    name: 'result-asked-many-times',
    async run(context) {
      const handle = await context.start(runSequence, { args: [2] });
      const results = Array.from({ length: 25 }, () => handle.result());
      await context.work();
      assert.deepEqual(await Promise.all(results), Array<number>(25).fill(2));
      assert.equal(await handle.result(), 2);
    },
  },
  {
    name: 'list-and-count',
    async run(context) {
      const worker = await context.work();
      const done: string[] = [];
      for (let index = 0; index < 5; index++) {
        const handle = await context.start(runSequence, { args: [1] });
        await handle.result();
        done.push(handle.workflowId);
      }
      await worker.stop();
      const running: string[] = [];
      for (let index = 0; index < 4; index++) {
        running.push((await context.start(waitForCancellation, {})).workflowId);
      }
      const here = `TaskQueue = "${context.taskQueue}"`;
      await waitUntil('all to be listed', async () => (await idsOf(context, here)).length === 9);
      assert.deepEqual(await idsOf(context, here), [...done, ...running].sort());
      assert.deepEqual(await idsOf(context, `${here} AND ExecutionStatus = "Running"`), running.sort());
      assert.deepEqual(await idsOf(context, `${here} AND WorkflowType = "runSequence"`), done.sort());
      assert.deepEqual(await idsOf(context, `WorkflowId = "${done[0] ?? ''}"`), [done[0]]);
      assert.equal((await context.client.workflow.count(here)).count, 9);
      const { groups } = await context.client.workflow.count(`${here} GROUP BY ExecutionStatus`);
      assert.deepEqual(groups.map(({ count, groupValues }) => `${String(groupValues[0])} ${count}`).sort(), [
        'Completed 5',
        'Running 4',
      ]);
      await assert.rejects(idsOf(context, 'this is no filter'));
    },
  },
  {
    name: 'history-exports-replay',
    replays: false,
    async run(context) {
      await context.work();
      const handles = [
        await context.start(runSequence, { args: [5] }),
        await context.start(sleepFor, { args: [10] }),
        await context.start(runActivity, { args: [{ name: 'echo', args: ['x'] }] }),
      ];
      for (const handle of handles) {
        await handle.result();
        const history = await handle.fetchHistory();
        const types = { workflowBundle: await bundleOf('main') };
        await Worker.runReplayHistory(types, history, handle.workflowId);
        // It notices when a history is not what the code did.
        const cut = { events: history.events?.filter((_, index) => index !== 4) ?? [] };
        await assert.rejects(Worker.runReplayHistory(types, cut, handle.workflowId));
      }
    },
  },
  {
    name: 'history-pages-and-reverse',
    async run(context) {
      await context.work();
      const handle = await context.start(runSequence, { args: [10] });
      await handle.result();
      const execution = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
      const { workflowService } = context.connection;
      const page = { namespace: 'default', execution, maximumPageSize: 7 };
      const forward = await idsOfPages(7, (token) =>
        workflowService.getWorkflowExecutionHistory({ ...page, ...token }),
      );
      const backward = await idsOfPages(7, (token) =>
        workflowService.getWorkflowExecutionHistoryReverse({ ...page, ...token }),
      );
      assert.deepEqual(
        forward,
        Array.from({ length: forward.length }, (_, index) => index + 1),
      );
      assert.deepEqual(backward, forward.reverse());
    },
  },
  {
    name: 'history-is-followed',
    async run(context) {
      const handle = await context.start(runSequence, { args: [3] });
      const { workflowService } = context.connection;
      const worker = context.work();
      const seen = await idsOfPages(Infinity, (token) =>
        workflowService.getWorkflowExecutionHistory({
          namespace: 'default',
          execution: { workflowId: handle.workflowId },
          waitNewEvent: true,
          ...token,
        }),
      );
      await worker;
      const { events = [] } = await context.history(handle);
      assert.deepEqual(
        seen,
        (events ?? []).map(({ eventId }) => Number(eventId)),
      );
    },
  },
  {
    name: 'workflow-unknown',
    async run(context) {
      const handle = context.client.workflow.getHandle('there-is-no-such-workflow');
      await assert.rejects(handle.describe(), WorkflowNotFoundError);
      await assert.rejects(handle.result(), WorkflowNotFoundError);
      await assert.rejects(handle.signal('x'), WorkflowNotFoundError);
      await assert.rejects(handle.cancel(), WorkflowNotFoundError);
      await assert.rejects(handle.terminate(), WorkflowNotFoundError);
      await assert.rejects(handle.query('x'), WorkflowNotFoundError);
      await assert.rejects(handle.fetchHistory(), { code: NOT_FOUND });
    },
  },
  {
    name: 'namespaces-are-apart',
    async run(context) {
      const namespace = `conformance-${randomUUID().slice(0, 8)}`;
      await context.connection.workflowService.registerNamespace({
        namespace,
        workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
      });
      const described = await context.connection.workflowService.describeNamespace({ namespace });
      assert.equal(described.namespaceInfo?.name, namespace);
      const other = context.newClient({ namespace });
      const workflowId = context.workflowId();
      const here = await context.start(runSequence, { workflowId, args: [1] });
      const there = await other.workflow.start(runSequence, {
        workflowId,
        taskQueue: context.taskQueue,
        args: [2],
      });
      assert.notEqual(here.firstExecutionRunId, there.firstExecutionRunId);
      await context.work({ namespace });
      assert.equal(await there.result(), 2);
      assert.equal((await here.describe()).status.name, 'RUNNING');
      await context.work();
      assert.equal(await here.result(), 1);
    },
  },
  {
    name: 'namespace-unknown',
    async run(context) {
      const lost = context.newClient({ namespace: 'there-is-no-such-namespace' });
      await assert.rejects(
        lost.workflow.start(sleepFor, { workflowId: 'x', taskQueue: 'x', args: [1] }),
        NamespaceNotFoundError,
      );
      await assert.rejects(lost.workflow.getHandle('x').describe(), NamespaceNotFoundError);
      await assert.rejects(async () => {
        const worker = await Worker.create({
          connection: context.native,
          namespace: 'there-is-no-such-namespace',
          taskQueue: context.taskQueue,
          workflowBundle: await bundleOf('main'),
        });
        await worker.run();
      }, /namespace/i);
    },
  },
  {
    name: 'deadlines-and-cancellation-of-calls',
    async run(context) {
      const handle = await context.start(collectSignals, { args: [1] });
      await assert.rejects(
        context.client.withDeadline(Date.now() + 1_000, () => handle.result()),
        isGrpcDeadlineError,
      );
      const stopping = new AbortController();
      const waiting = context.client.withAbortSignal(stopping.signal, () => handle.result());
      const ended = assert.rejects(waiting, isGrpcCancelledError);
      setTimeout(() => stopping.abort(), 200);
      await ended;
      // Nobody works here, so nobody answers.
      await assert.rejects(context.client.withDeadline(Date.now() + 1_500, () => handle.query(collected)));
    },
  },
  {
    name: 'server-describes-itself',
    async run(context) {
      const { workflowService, healthService } = context.connection;
      const { capabilities } = await workflowService.getSystemInfo({});
      assert.equal(capabilities?.sdkMetadata, true);
      assert.equal(capabilities.signalAndQueryHeader, true);
      assert.equal(capabilities.activityFailureIncludeHeartbeat, true);
      assert.equal(capabilities.encodedFailureAttributes, true);
      assert.equal(capabilities.upsertMemo, true);
      const { namespaces } = await workflowService.listNamespaces({});
      assert.ok(namespaces.some(({ namespaceInfo }) => namespaceInfo?.name === 'default'));
      const { status } = await healthService.check({
        service: 'temporal.api.workflowservice.v1.WorkflowService',
      });
      assert.equal(status, 1);
    },
  },
  {
    name: 'task-queue-shows-pollers',
    async run(context) {
      await context.work({ identity: 'the poller' });
      await waitUntil('the poller to be seen', async () => {
        const { pollers } = await context.connection.workflowService.describeTaskQueue({
          namespace: 'default',
          taskQueue: { name: context.taskQueue },
          taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        });
        return pollers.some(({ identity }) => identity === 'the poller');
      });
    },
  },
  {
    name: 'connections-of-both-kinds',
    async run(context) {
      const native = await NativeConnection.connect({ address: context.address });
      const { Client } = await import('@temporalio/client');
      const client = new Client({ connection: native });
      await context.work();
      const handle = await context.start(runSequence, { args: [3] }, client);
      assert.equal(await handle.result(), 3);
      assert.equal(eventsOfType(await context.history(handle), 'ActivityTaskCompleted').length, 3);
      await native.close();
    },
  },
];
