import { randomUUID } from 'node:crypto';
import { api } from '../proto.js';
import {
  closeExecution,
  describeExecution,
  json,
  NAMESPACE,
  readEvents,
  startExecution,
  startTestGateway,
} from '../test-gateway.fixture.js';
import type { TestClient, TestGateway } from '../test-gateway.fixture.js';

const { EventType } = api.enums.v1;

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

describe('signals', () => {
  it('are delivered once for one request id', async () => {
    const { execution } = await startExecution(client);
    const signal = {
      namespace: NAMESPACE,
      workflowExecution: execution,
      signalName: 'approve',
      input: { payloads: [json(true)] },
      header: { fields: { trace: json('t') } },
      identity: 'boss',
      requestId: randomUUID(),
    };
    await client.call('SignalWorkflowExecution', signal);
    await client.call('SignalWorkflowExecution', signal);
    const [signaled, ...rest] = (await readEvents(client, execution)).slice(2);
    expect(signaled?.workflowExecutionSignaledEventAttributes).toMatchObject({
      signalName: 'approve',
      input: { payloads: [json(true)] },
      header: { fields: { trace: json('t') } },
      identity: 'boss',
    });
    expect(rest).toEqual([]);
  });

  it('start an execution that is not running, and reach one that is', async () => {
    const request = {
      namespace: NAMESPACE,
      workflowId: randomUUID(),
      workflowType: { name: 'order' },
      taskQueue: { name: randomUUID() },
      signalName: 'approve',
      signalInput: { payloads: [json(1)] },
    };
    const first = await client.call('SignalWithStartWorkflowExecution', request);
    expect(first.started).toBe(true);
    const second = await client.call('SignalWithStartWorkflowExecution', request);
    expect(second).toMatchObject({ runId: first.runId, started: false });
    const types = (await readEvents(client, { workflowId: request.workflowId })).map(
      ({ eventType }) => eventType,
    );
    expect(types.filter((type) => type === EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)).toHaveLength(2);
  });
});

describe('cancelling and terminating', () => {
  it('asks once, and does nothing when it is closed', async () => {
    const run = await startExecution(client);
    const request = {
      namespace: NAMESPACE,
      workflowExecution: { workflowId: run.workflowId },
      firstExecutionRunId: run.runId,
      reason: 'changed my mind',
    };
    await client.call('RequestCancelWorkflowExecution', request);
    await client.call('RequestCancelWorkflowExecution', request);
    expect((await describeExecution(client, run)).workflowExtendedInfo?.cancelRequested).toBe(true);
    const asked = (await readEvents(client, run.execution)).slice(2);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.workflowExecutionCancelRequestedEventAttributes?.cause).toBe('changed my mind');
    await closeExecution(client, run);
    await client.call('RequestCancelWorkflowExecution', request);
  });

  it('ends it', async () => {
    const run = await startExecution(client);
    await client.call('TerminateWorkflowExecution', {
      namespace: NAMESPACE,
      workflowExecution: { workflowId: run.workflowId },
      firstExecutionRunId: run.runId,
      reason: 'enough',
      details: { payloads: [json(1)] },
      identity: 'boss',
    });
    expect(
      (await readEvents(client, run.execution)).at(-1)?.workflowExecutionTerminatedEventAttributes,
    ).toMatchObject({
      reason: 'enough',
      details: { payloads: [json(1)] },
      identity: 'boss',
    });
  });
});
