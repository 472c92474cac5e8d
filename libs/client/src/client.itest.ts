import { ApplicationFailure, defaultFailureConverter, defaultPayloadConverter } from '@tidewheel/common';
import type { SignalDefinition } from '@tidewheel/common';
import type { Command } from '@tidewheel/core';
import { Engine } from '@tidewheel/engine';
import { primariesOf } from '@tidewheel/store';
import { randomUUID } from 'node:crypto';
import { startHandWorker } from './hand-worker.fixture.js';
import {
  CancelledFailure,
  Client,
  Connection,
  NoPollerError,
  QueryFailedError,
  QueryRejectedError,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowIdConflictPolicy,
  WorkflowNotFoundError,
} from './index.js';

const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:7379';
// Nothing of other tests on the same server is seen.
const prefix = `client-test-${randomUUID().slice(0, 8)}`;
const taskQueue = 'by-hand';
const toPayload = (value: unknown) => defaultPayloadConverter.toPayload(value);

let connection: Connection;
let client: Client;
let engine: Engine;
let worker: { stop(): Promise<void> };
let ids = 0;
const newId = (): string => `workflow-${(ids += 1)}`;

/** The workflows of these tests, decided by their id: what comes before the number. */
function decide(workflowId: string): Command[] {
  if (workflowId.startsWith('completes')) {
    const result = [toPayload({ done: true })];
    return [{ commandType: 'CompleteWorkflowExecution', attributes: { result } }];
  }
  if (workflowId.startsWith('fails')) {
    const error = ApplicationFailure.nonRetryable('no funds', 'NoFunds', { missing: 5 });
    const failure = defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);
    return [{ commandType: 'FailWorkflowExecution', attributes: { failure } }];
  }
  if (workflowId.startsWith('cancels')) {
    return [{ commandType: 'CancelWorkflowExecution', attributes: { details: [toPayload('cleaned up')] } }];
  }
  return [];
}

beforeAll(async () => {
  connection = await Connection.connect({ url, prefix, identity: 'the client' });
  client = new Client({ connection });
  engine = await Engine.open({ connection: { url }, prefix });
  await engine.addSearchAttributes('default', { customer: 'Keyword' });
  await engine.startDuties();
  worker = await startHandWorker(engine, 'default', taskQueue, {
    commands: (task) => decide(task.run.workflowId),
    answer: (query) =>
      query.queryType === 'sum'
        ? {
            answered: true,
            result: toPayload(query.args.map((arg) => Number(arg.data)).reduce((a, b) => a + b)),
          }
        : { answered: false, errorMessage: 'no such query', failure: { message: 'no such query' } },
  });
});
afterAll(async () => {
  await worker.stop();
  await engine.close();
  await connection.close();
});

async function failureOf(result: Promise<unknown>): Promise<WorkflowFailedError> {
  const error: unknown = await result.catch((thrown: unknown) => thrown);
  if (!(error instanceof WorkflowFailedError)) throw new Error('no WorkflowFailedError', { cause: error });
  return error;
}

describe('results', () => {
  it('of a workflow that completes are what it returned', async () => {
    const workflowId = `completes-${newId()}`;
    await expect(client.workflow.execute('order', { workflowId, taskQueue, args: [1] })).resolves.toEqual({
      done: true,
    });
    await expect(client.workflow.getHandle(workflowId).result()).resolves.toEqual({ done: true });
  });

  it('of a workflow that fails are its failure as cause', async () => {
    const error = await failureOf(
      client.workflow.execute('order', { workflowId: `fails-${newId()}`, taskQueue }),
    );
    expect(error.message).toBe('Workflow execution failed');
    expect(error.cause).toBeInstanceOf(ApplicationFailure);
    expect(error.cause).toMatchObject({
      message: 'no funds',
      type: 'NoFunds',
      nonRetryable: true,
      details: [{ missing: 5 }],
    });
  });

  it('of a workflow that was cancelled are a CancelledFailure with its details', async () => {
    const error = await failureOf(
      client.workflow.execute('order', { workflowId: `cancels-${newId()}`, taskQueue }),
    );
    expect(error.cause).toBeInstanceOf(CancelledFailure);
    expect(error.cause).toMatchObject({ details: ['cleaned up'] });
  });

  it('of a workflow that was terminated are a TerminatedFailure with the reason', async () => {
    const handle = await client.workflow.start('order', { workflowId: newId(), taskQueue });
    const failure = failureOf(handle.result());
    await handle.terminate('enough', 1, 2);
    expect((await failure).cause).toEqual(new TerminatedFailure('enough'));
  });

  it('of a workflow that ran out of time are a TimeoutFailure', async () => {
    const options = { workflowId: newId(), taskQueue, workflowRunTimeout: '200ms' };
    expect((await failureOf(client.workflow.execute('order', options))).cause).toBeInstanceOf(TimeoutFailure);
  });

  it('of a workflow that does not exist are a WorkflowNotFoundError', async () => {
    await expect(client.workflow.getHandle('nobody').result()).rejects.toThrow(WorkflowNotFoundError);
  });

  it('of many workflows at once all arrive', async () => {
    const results = await Promise.all(
      Array.from({ length: 200 }, () =>
        client.workflow.execute('order', { workflowId: `completes-${newId()}`, taskQueue, args: ['x'] }),
      ),
    );
    expect(results).toEqual(Array(200).fill({ done: true }));
  });
});

describe('handles', () => {
  it('describe, with memo and search attributes as they were given', async () => {
    const workflowId = newId();
    const handle = await client.workflow.start('order', {
      workflowId,
      taskQueue,
      memo: { note: 'urgent' },
      searchAttributes: { customer: ['c1'] },
    });
    expect(await handle.describe()).toMatchObject({
      type: 'order',
      workflowId,
      runId: handle.firstExecutionRunId,
      taskQueue,
      status: { code: 1, name: 'RUNNING' },
      memo: { note: 'urgent' },
      searchAttributes: { customer: ['c1'] },
      cancelRequested: false,
    });
    await handle.cancel('no longer wanted');
    expect(await handle.describe()).toMatchObject({ cancelRequested: true });
    await handle.terminate();
    expect((await handle.describe()).closeTime).toBeInstanceOf(Date);
  });

  it('signal by definition and by name, and fetch the whole history', async () => {
    const approve: SignalDefinition<[boolean, string]> = { type: 'signal', name: 'approve' };
    const handle = await client.workflow.start('order', { workflowId: newId(), taskQueue });
    await handle.signal(approve, true, 'boss');
    for (let i = 0; i < 300; i++) await handle.signal('tick', i);
    const { events } = await handle.fetchHistory();
    expect(events.map(({ eventId }) => eventId)).toEqual(events.map((_, index) => index + 1));
    const signals = events.flatMap((event) =>
      event.eventType === 'WorkflowExecutionSignaled' ? [event.attributes] : [],
    );
    expect(signals).toHaveLength(301);
    expect(signals[0]).toMatchObject({
      signalName: 'approve',
      identity: 'the client',
      input: [toPayload(true), toPayload('boss')],
    });
    await handle.terminate();
  });

  it('query, and tell why a query failed', async () => {
    const handle = await client.workflow.start('order', { workflowId: `completes-${newId()}`, taskQueue });
    await handle.result();
    await expect(handle.query('sum', 1, 2, 3)).resolves.toBe(6);
    const error: unknown = await handle.query('other').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QueryFailedError);
    expect((error as QueryFailedError).cause).toMatchObject({ message: 'no such query' });
    const strict = new Client({ connection, queryRejectCondition: 'NOT_OPEN' });
    await expect(strict.workflow.getHandle(handle.workflowId).query('sum', 1)).rejects.toEqual(
      new QueryRejectedError('COMPLETED'),
    );
  });

  it('cannot query where nobody polls', async () => {
    const handle = await client.workflow.start('order', { workflowId: newId(), taskQueue: 'deserted' });
    await expect(handle.query('sum', 1)).rejects.toThrow(NoPollerError);
  });
});

describe('starts', () => {
  it('of a running workflow are refused, or use or replace it', async () => {
    const options = { workflowId: newId(), taskQueue };
    const first = await client.workflow.start('order', options);
    await expect(client.workflow.start('order', options)).rejects.toThrow(
      WorkflowExecutionAlreadyStartedError,
    );
    const same = await client.workflow.start('order', {
      ...options,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    });
    expect(same.firstExecutionRunId).toBe(first.firstExecutionRunId);
    const failure = failureOf(first.result());
    const other = await client.workflow.start('order', {
      ...options,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.TERMINATE_EXISTING,
    });
    expect(other.firstExecutionRunId).not.toBe(first.firstExecutionRunId);
    expect((await failure).cause).toBeInstanceOf(TerminatedFailure);
  });

  it('repeated with the same request id are one', async () => {
    const options = { workflowId: newId(), taskQueue, requestId: 'request-1' };
    const first = await client.workflow.start('order', options);
    expect((await client.workflow.start('order', options)).firstExecutionRunId).toBe(
      first.firstExecutionRunId,
    );
  });
});

describe('lists', () => {
  it('go over all pages', async () => {
    for (let i = 0; i < 5; i++) {
      await client.workflow.start('listed', { workflowId: `listed-${i}`, taskQueue: 'nobody' });
    }
    await client.workflow.getHandle('listed-0').terminate();
    const found: string[] = [];
    for await (const { workflowId, status } of client.workflow.list({
      workflowType: 'listed',
      pageSize: 2,
    })) {
      found.push(`${workflowId} ${status.name}`);
    }
    // Running ones come first; those that started in the same millisecond in any order.
    expect(found.at(-1)).toBe('listed-0 TERMINATED');
    expect(found.slice(0, -1).sort()).toEqual([1, 2, 3, 4].map((i) => `listed-${i} RUNNING`));
    const options = { workflowType: 'listed', status: 'RUNNING', startedBefore: new Date(0) } as const;
    for await (const info of client.workflow.list(options)) throw new Error(`${info.workflowId} is too old`);
  });
});

describe('cost', () => {
  it('of a start and its result are a script each, and no polling', async () => {
    const scriptsOf = async (): Promise<number> => {
      const servers = primariesOf(engine.context.redis);
      const stats = await Promise.all(servers.map((server) => server.info('commandstats')));
      return stats.reduce((sum, text) => sum + Number(/cmdstat_evalsha:calls=(\d+)/.exec(text)?.[1] ?? 0), 0);
    };
    await engine.stopDuties();
    const before = await scriptsOf();
    const count = 50;
    for (let i = 0; i < count; i++) {
      await client.workflow.execute('order', { workflowId: `completes-${newId()}`, taskQueue });
    }
    // Two for the worker, which starts and completes one workflow task.
    expect((await scriptsOf()) - before).toBeLessThanOrEqual(4 * count + 5);
    await engine.startDuties();
  });
});
