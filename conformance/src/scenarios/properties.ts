import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import type { Connection } from '@temporalio/client';
import {
  ApplicationFailure,
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
} from '@temporalio/common';
import assert from 'node:assert/strict';
import { onlyEvent } from '../harness/history.js';
import type { Scenario } from '../harness/scenario.js';
import { runActivity } from '../workflows/activity-workflows.js';
import {
  AMOUNT,
  changeMemo,
  changeSearchAttributes,
  CUSTOMER,
  failWith,
  PAID,
  tellInfo,
} from '../workflows/property-workflows.js';
import { causeOf } from './timers-and-cancellation.js';

const ALREADY_EXISTS = 6;
/** Numbers of the types of these attributes on the wire. */
const CUSTOM_ATTRIBUTES = { CustomKeywordField: 2, CustomIntField: 3, CustomBoolField: 5 };

/** Registers what the workflows here set; a deployment that had a run before knows it. */
async function registerSearchAttributes({ operatorService }: Connection): Promise<void> {
  try {
    await operatorService.addSearchAttributes({
      namespace: 'default',
      searchAttributes: CUSTOM_ATTRIBUTES,
    });
  } catch (error) {
    if (!isGrpcServiceError(error) || Number(error.code) !== ALREADY_EXISTS) throw error;
  }
}

export const propertyScenarios: readonly Scenario[] = [
  {
    name: 'workflow-info',
    async run(context) {
      await context.work();
      const handle = await context.start(tellInfo, { memo: { note: 'kept' } });
      assert.deepEqual(await handle.result(), {
        workflowId: handle.workflowId,
        runId: handle.firstExecutionRunId,
        taskQueue: context.taskQueue,
        namespace: 'default',
        workflowType: 'tellInfo',
        attempt: 1,
        memo: { note: 'kept' },
      });
    },
  },
  {
    name: 'memo',
    async run(context) {
      await context.work();
      const handle = await context.start(changeMemo, {
        memo: { kept: 'as it is', changed: 'before', removed: 'soon' },
      });
      const expected = { kept: 'as it is', changed: 'after', added: { deep: [1, 2] } };
      assert.deepEqual(await handle.result(), expected);
      assert.deepEqual((await handle.describe()).memo, expected);
      const modified = onlyEvent(await context.history(handle), 'WorkflowPropertiesModified');
      assert.deepEqual(
        Object.keys(modified.workflowPropertiesModifiedEventAttributes?.upsertedMemo?.fields ?? {}).sort(),
        ['added', 'changed', 'removed'],
      );
    },
  },
  {
    name: 'search-attributes',
    async run(context) {
      await registerSearchAttributes(context.connection);
      await context.work();
      const handle = await context.start(changeSearchAttributes, {
        typedSearchAttributes: new TypedSearchAttributes([
          { key: CUSTOMER, value: 'Ada' },
          { key: AMOUNT, value: 1 },
        ]),
      });
      assert.deepEqual(await handle.result(), { customer: 'Ada', amount: 2, paid: true });
      const { typedSearchAttributes } = await handle.describe();
      assert.equal(typedSearchAttributes.get(CUSTOMER), 'Ada');
      assert.equal(typedSearchAttributes.get(AMOUNT), 2);
      assert.equal(typedSearchAttributes.get(PAID), true);
      onlyEvent(await context.history(handle), 'UpsertWorkflowSearchAttributes');
      const query = `CustomIntField = 2 AND WorkflowId = '${handle.workflowId}'`;
      const listed: unknown[] = [];
      for await (const info of context.client.workflow.list({ query })) {
        listed.push(info.typedSearchAttributes.get(CUSTOMER));
      }
      assert.deepEqual(listed, ['Ada']);
    },
  },
  {
    name: 'search-attributes-that-nobody-registered',
    async run(context) {
      const unregistered = defineSearchAttributeKey('NobodyKnowsThis', SearchAttributeType.KEYWORD);
      await assert.rejects(
        context.start(changeSearchAttributes, {
          typedSearchAttributes: new TypedSearchAttributes([{ key: unregistered, value: 'x' }]),
        }),
        (error) =>
          error instanceof ServiceError &&
          /NobodyKnowsThis is not defined/.test((error.cause as Error | undefined)?.message ?? ''),
      );
    },
  },
  {
    name: 'workflow-failure-with-causes',
    async run(context) {
      await context.work();
      const handle = await context.start(failWith, { args: ['it went wrong', 'Wrong'] });
      const failure = await causeOf(handle.result());
      assert.ok(failure instanceof ApplicationFailure);
      assert.equal(failure.message, 'it went wrong');
      assert.equal(failure.type, 'Wrong');
      assert.deepEqual(failure.details, [{ order: 7 }, 'second']);
      assert.ok(failure.cause instanceof ApplicationFailure);
      assert.equal(failure.cause.type, 'Reason');
      assert.equal(failure.cause.cause?.message, 'the root');
      assert.match(failure.stack ?? '', /failWith/);
      assert.equal((await handle.describe()).status.name, 'FAILED');
    },
  },
  {
    name: 'user-metadata',
    async run(context) {
      await context.work();
      const handle = await context.start(runActivity, {
        args: [
          { name: 'echo', args: ['x'], options: { startToCloseTimeout: '1 minute', summary: 'an echo' } },
        ],
        staticSummary: 'what it is for',
        staticDetails: 'at length',
      });
      await handle.result();
      const { staticSummary, staticDetails } = await handle.describe();
      assert.equal(await staticSummary(), 'what it is for');
      assert.equal(await staticDetails(), 'at length');
      const history = await context.history(handle);
      const { userMetadata } = onlyEvent(history, 'ActivityTaskScheduled');
      assert.equal(Buffer.from(userMetadata?.summary?.data ?? []).toString(), '"an echo"');
      assert.ok(onlyEvent(history, 'WorkflowExecutionStarted').userMetadata?.details?.data);
    },
  },
  {
    name: 'describe',
    async run(context) {
      const handle = await context.start(tellInfo, {
        memo: { note: 'kept' },
        workflowExecutionTimeout: '2 hours',
        workflowRunTimeout: '1 hour',
        workflowTaskTimeout: '7 seconds',
      });
      const running = await handle.describe();
      assert.equal(running.status.name, 'RUNNING');
      assert.equal(running.workflowId, handle.workflowId);
      assert.equal(running.runId, handle.firstExecutionRunId);
      assert.equal(running.type, 'tellInfo');
      assert.equal(running.taskQueue, context.taskQueue);
      assert.equal(running.historyLength, 2);
      assert.ok(running.startTime instanceof Date);
      assert.equal(running.closeTime, undefined);
      assert.deepEqual(running.memo, { note: 'kept' });
      const { executionConfig, pendingWorkflowTask } = running.raw;
      assert.equal(Number(executionConfig?.workflowExecutionTimeout?.seconds), 7_200);
      assert.equal(Number(executionConfig?.workflowRunTimeout?.seconds), 3_600);
      assert.equal(Number(executionConfig?.defaultWorkflowTaskTimeout?.seconds), 7);
      assert.equal(executionConfig?.taskQueue?.name, context.taskQueue);
      assert.ok(pendingWorkflowTask, 'a workflow task waits for a worker');

      await context.work();
      await handle.result();
      const closed = await handle.describe();
      assert.equal(closed.status.name, 'COMPLETED');
      assert.equal(closed.historyLength, 5);
      assert.ok(closed.closeTime);
      assert.ok(closed.closeTime >= closed.startTime);
    },
  },
];
