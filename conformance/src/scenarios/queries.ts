import { QueryNotRegisteredError, QueryRejectCondition, QueryRejectedError } from '@temporalio/client';
import assert from 'node:assert/strict';
import type { Scenario } from '../harness/scenario.js';
import { waitUntil } from '../harness/wait.js';
import {
  add,
  collected,
  collectSignals,
  lengthOfHistory,
  progress,
  refuse,
  setProgress,
  setProgressTo,
} from '../workflows/message-workflows.js';

/** Counts how often the code of a workflow begins in a worker. */
function countedBegins(): { count: number; sinks: { code: { begins: object } } } {
  const counted = { count: 0 };
  const begins = {
    fn: () => {
      counted.count++;
    },
    callDuringReplay: true,
  };
  return Object.assign(counted, { sinks: { code: { begins } } });
}

export const queryScenarios: readonly Scenario[] = [
  {
    name: 'query-running',
    async run(context) {
      const begins = countedBegins();
      await context.work({ sinks: begins.sinks as never });
      const handle = await context.start(collectSignals, { args: [2] });
      assert.deepEqual(await handle.query(collected), []);
      await handle.signal(add, 'x');
      assert.deepEqual(await handle.query(collected), ['x']);
      assert.ok((await handle.query(lengthOfHistory)) >= 3);
      assert.equal(begins.count, 1, 'it was asked where it is cached');
      await handle.signal(add, 'y');
      await handle.result();
      // Queries leave no trace.
      assert.deepEqual(
        (await context.eventTypes(handle)).filter((type) => !type.startsWith('WorkflowTask')),
        [
          'WorkflowExecutionStarted',
          'WorkflowExecutionSignaled',
          'WorkflowExecutionSignaled',
          'WorkflowExecutionCompleted',
        ],
      );
    },
  },
  {
    name: 'query-after-eviction',
    async run(context) {
      const first = await context.work();
      const handle = await context.start(collectSignals, { args: [2] });
      await handle.signal(add, 'x');
      assert.deepEqual(await handle.query(collected), ['x']);
      await first.stop();

      const begins = countedBegins();
      await context.work({ sinks: begins.sinks as never });
      assert.deepEqual(await handle.query(collected), ['x']);
      assert.equal(begins.count, 1, 'it was replayed');
      await handle.signal(add, 'y');
      assert.deepEqual(await handle.result(), ['x', 'y']);
    },
  },
  {
    name: 'query-without-cache',
    async run(context) {
      await context.work({ maxCachedWorkflows: 0 });
      const handle = await context.start(collectSignals, { args: [3] });
      for (const value of ['a', 'b']) {
        await handle.signal(add, value);
        assert.equal((await handle.query(collected)).at(-1), value);
      }
      await handle.signal(add, 'c');
      assert.deepEqual(await handle.result(), ['a', 'b', 'c']);
    },
  },
  {
    name: 'query-closed',
    async run(context) {
      const worker = await context.work();
      const handle = await context.start(collectSignals, { args: [1] });
      await handle.signal(add, 'only');
      await handle.result();
      assert.deepEqual(await handle.query(collected), ['only']);
      await worker.stop();
      await context.work();
      assert.deepEqual(await handle.query(collected), ['only']);
    },
  },
  {
    name: 'query-sees-accepted-signals',
    async run(context) {
      await context.work();
      const handle = await context.start(setProgress, { args: [30] });
      for (let value = 1; value < 30; value++) {
        await handle.signal(setProgressTo, value);
        assert.equal(await handle.query(progress), value);
      }
      await handle.signal(setProgressTo, 30);
      assert.equal(await handle.result(), 30);
    },
  },
  {
    name: 'query-fails',
    async run(context) {
      await context.work();
      const handle = await context.start(collectSignals, { args: [1] });
      await assert.rejects(handle.query(refuse, 'not now'), (error: unknown) => {
        assert.ok(error instanceof QueryNotRegisteredError);
        assert.match(error.message, /not now/);
        return true;
      });
      await handle.signal(add, 'the workflow goes on');
      assert.deepEqual(await handle.result(), ['the workflow goes on']);
    },
  },
  {
    name: 'query-unknown',
    async run(context) {
      await context.work();
      const handle = await context.start(collectSignals, { args: [1] });
      await assert.rejects(handle.query('no such query'), (error: unknown) => {
        assert.ok(error instanceof QueryNotRegisteredError);
        assert.match(error.message, /no such query/);
        return true;
      });
    },
  },
  {
    name: 'query-rejected-when-not-open',
    async run(context) {
      await context.work();
      const handle = await context.start(collectSignals, { args: [1] });
      const client = context.newClient({
        workflow: { queryRejectCondition: QueryRejectCondition.NOT_OPEN },
      });
      const picky = client.workflow.getHandle(handle.workflowId);
      assert.deepEqual(await picky.query(collected), []);
      await handle.signal(add, 'end');
      await handle.result();
      await assert.rejects(picky.query(collected), QueryRejectedError);
    },
  },
  {
    name: 'query-many-at-once',
    async run(context) {
      await context.work();
      const handle = await context.start(collectSignals, { args: [2] });
      await handle.signal(add, 'x');
      await waitUntil('the signal', async () => (await handle.query(collected)).length === 1);
      const answers = await Promise.all(Array.from({ length: 40 }, () => handle.query(collected)));
      for (const answer of answers) assert.deepEqual(answer, ['x']);
      await handle.signal(add, 'y');
      await handle.result();
    },
  },
];
