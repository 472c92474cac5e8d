import { defaultPayloadConverter } from '@tidewheel/common';
import type { PayloadConverter, SignalDefinition } from '@tidewheel/common';
import type { StartWorkflowRequest, WorkflowOutcome, WorkflowService } from '@tidewheel/engine';
import {
  Client,
  Connection,
  InvalidArgumentError,
  WorkflowContinuedAsNewError,
  WorkflowFailedError,
} from './index.js';

const json = (value: unknown) => defaultPayloadConverter.toPayload(value);

/** A client over a service of which only some methods exist. */
function clientOver(service: Partial<WorkflowService>, options: object = {}): Client {
  return new Client({ connection: Connection.over(service as WorkflowService), ...options });
}

/** A service that tells these outcomes, one after the other, and remembers which runs it was asked for. */
function tells(outcomes: readonly WorkflowOutcome[]) {
  const runIds: (string | undefined)[] = [];
  const left = [...outcomes];
  const getResult: WorkflowService['getResult'] = ({ runId }) => {
    runIds.push(runId);
    const next = left.shift();
    return next ? Promise.resolve(next) : Promise.reject(new Error('asked too often'));
  };
  return { getResult, runIds };
}

async function order(id: number, note?: string): Promise<string> {
  return Promise.resolve(`${id} ${note ?? ''}`);
}

describe('start', () => {
  it('hands everything over: arguments as payloads, durations in milliseconds, the name of the function', async () => {
    const startWorkflow = jest.fn(() => Promise.resolve({ runId: 'run-1', started: true }));
    const client = clientOver({ startWorkflow }, { namespace: 'shop', identity: 'me' });
    const handle = await client.workflow.start(order, {
      workflowId: 'w',
      taskQueue: 'q',
      args: [7, 'x'],
      workflowRunTimeout: '1 minute',
      workflowTaskTimeout: 5_000,
      memo: { a: 1 },
      searchAttributes: { when: new Date(0), none: null },
      requestId: 'r',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
    expect(handle.workflowId).toBe('w');
    expect(handle.firstExecutionRunId).toBe('run-1');
    expect(startWorkflow).toHaveBeenCalledWith({
      namespace: 'shop',
      identity: 'me',
      workflowType: 'order',
      workflowId: 'w',
      taskQueue: 'q',
      input: [json(7), json('x')],
      workflowExecutionTimeoutMs: undefined,
      workflowRunTimeoutMs: 60_000,
      workflowTaskTimeoutMs: 5_000,
      memo: { a: json(1) },
      searchAttributes: { when: json('1970-01-01T00:00:00.000Z') },
      requestId: 'r',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: undefined,
      waitForResult: false,
    });
  });

  it('hands over what people are told about the execution', async () => {
    const startWorkflow = jest.fn((_request: StartWorkflowRequest) =>
      Promise.resolve({ runId: 'run-1', started: true }),
    );
    const { workflow } = clientOver({ startWorkflow });
    await workflow.start('order', {
      workflowId: 'w',
      taskQueue: 'q',
      staticSummary: 's',
      staticDetails: 'd',
    });
    expect(startWorkflow.mock.calls[0]?.[0].userMetadata).toEqual({ summary: json('s'), details: json('d') });
  });

  it('asks for arguments exactly when the workflow needs some', () => {
    const startWorkflow = jest.fn(() => Promise.resolve({ runId: 'run-1', started: true }));
    const { workflow } = clientOver({ startWorkflow });
    const options = { workflowId: 'w', taskQueue: 'q' };
    const none = async (): Promise<void> => Promise.resolve();
    void workflow.start(none, options);
    void workflow.start('by name', options);
    void workflow.start<typeof order>('order', { ...options, args: [1] });
    // @ts-expect-error -- `order` cannot do without an argument
    void workflow.start(order, options);
    // @ts-expect-error -- the argument is a number
    void workflow.start(order, { ...options, args: ['1'] });
    expect(startWorkflow).toHaveBeenCalledTimes(5);
  });

  it('names a duration that is none, and a function without a name, before anything is sent', async () => {
    const { workflow } = clientOver({});
    const options = { workflowId: 'w', taskQueue: 'q' };
    await expect(workflow.start('x', { ...options, workflowRunTimeout: 'soon' })).rejects.toMatchObject({
      field: 'workflowRunTimeout',
    });
    await expect(workflow.start(async () => Promise.resolve(), options)).rejects.toThrow(
      InvalidArgumentError,
    );
  });
});

describe('execute', () => {
  it('says at the start that it will wait, and gives the result', async () => {
    const startWorkflow = jest.fn(() => Promise.resolve({ runId: 'run-1', started: true }));
    const service = tells([{ runId: 'run-1', status: 'COMPLETED', result: [json('done')] }]);
    const client = clientOver({ startWorkflow, getResult: service.getResult });
    const result: string = await client.workflow.execute(order, {
      workflowId: 'w',
      taskQueue: 'q',
      args: [1],
    });
    expect(result).toBe('done');
    expect(service.runIds).toEqual(['run-1']);
    expect(startWorkflow).toHaveBeenCalledWith(expect.objectContaining({ waitForResult: true }));
  });
});

describe('result', () => {
  it('asks again while the run goes on, for the very run it found', async () => {
    const service = tells([
      { runId: 'run-1', status: 'RUNNING' },
      { runId: 'run-1', status: 'PAUSED' },
      { runId: 'run-1', status: 'COMPLETED', result: [] },
    ]);
    await expect(clientOver(service).workflow.getHandle('w').result()).resolves.toBeUndefined();
    expect(service.runIds).toEqual([undefined, 'run-1', 'run-1']);
  });

  it('follows runs that continue as new, unless told otherwise', async () => {
    const outcomes: WorkflowOutcome[] = [
      { runId: 'run-1', status: 'CONTINUED_AS_NEW', newRunId: 'run-2' },
      { runId: 'run-2', status: 'COMPLETED', result: [json(2)] },
    ];
    const followed = tells(outcomes);
    await expect(clientOver(followed).workflow.getHandle('w', 'run-1').result()).resolves.toBe(2);
    expect(followed.runIds).toEqual(['run-1', 'run-2']);
    const handle = clientOver(tells(outcomes)).workflow.getHandle('w', 'run-1', { followRuns: false });
    await expect(handle.result()).rejects.toEqual(
      new WorkflowContinuedAsNewError('Workflow execution continued as new', 'run-2'),
    );
  });

  it('reads values and failures with the converters that the client was given', async () => {
    const payloadConverter: PayloadConverter = { toPayload: json, fromPayload: () => 'converted' };
    const failureConverter = {
      errorToFailure: () => ({ message: '' }),
      failureToError: () => Object.assign(new Error('converted'), {}) as never,
    };
    const options = { dataConverter: { payloadConverter, failureConverter } };
    const completed = tells([{ runId: 'r', status: 'COMPLETED', result: [json(1)] }]);
    await expect(clientOver(completed, options).workflow.getHandle('w').result()).resolves.toBe('converted');
    const failed = tells([{ runId: 'r', status: 'FAILED', failure: { message: 'as sent' } }]);
    const error: unknown = await clientOver(failed, options)
      .workflow.getHandle('w')
      .result()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toMatchObject({ message: 'converted' });
  });
});

describe('signalWithStart', () => {
  it('hands over the start and the signal, and gives a handle of the run that has it', async () => {
    const signalWithStart = jest.fn(() => Promise.resolve({ runId: 'run-1', started: false }));
    const client = clientOver({ signalWithStart }, { namespace: 'shop' });
    const add = { type: 'signal', name: 'add' } as SignalDefinition<[number]>;
    const handle = await client.workflow.signalWithStart(order, {
      workflowId: 'w',
      taskQueue: 'q',
      args: [7],
      signal: add,
      signalArgs: [1],
    });
    expect(handle.signaledRunId).toBe('run-1');
    expect(signalWithStart).toHaveBeenCalledWith(
      expect.objectContaining({
        namespace: 'shop',
        workflowType: 'order',
        workflowId: 'w',
        input: [json(7)],
        signalName: 'add',
        signalInput: [json(1)],
      }),
    );
  });
});

describe('listing, counting and deleting', () => {
  it('hand the filter over as it is', async () => {
    const listWorkflows = jest.fn(() => Promise.resolve({ executions: [] }));
    const countWorkflows = jest.fn(() =>
      Promise.resolve({ count: 3, groups: [{ status: 'RUNNING' as const, count: 3 }] }),
    );
    const { workflow } = clientOver({ listWorkflows, countWorkflows });
    const query = "WorkflowType = 'order'";
    for await (const execution of workflow.list({ query })) throw new Error(execution.workflowId);
    expect(listWorkflows).toHaveBeenCalledWith(expect.objectContaining({ namespace: 'default', query }));
    expect(await workflow.count(query)).toEqual({
      count: 3,
      groups: [{ groupValues: ['RUNNING'], count: 3 }],
    });
    expect(countWorkflows).toHaveBeenCalledWith({ namespace: 'default', query });
    countWorkflows.mockResolvedValueOnce({ count: 0 } as never);
    expect(await workflow.count()).toEqual({ count: 0, groups: [] });
  });

  it('deletes the run that the handle names', async () => {
    const deleteWorkflow = jest.fn(() => Promise.resolve());
    await clientOver({ deleteWorkflow }).workflow.getHandle('w', 'run-1').delete();
    expect(deleteWorkflow).toHaveBeenCalledWith({ namespace: 'default', workflowId: 'w', runId: 'run-1' });
  });
});
