import { api } from '../proto.js';
import {
  NAMESPACE,
  TestDeployment,
  WORKER,
  activity,
  finish,
  payloads,
  refusal,
  valueOf,
} from '../worker-gateway.fixture.js';
import type { WorkerGateway } from '../worker-gateway.fixture.js';

const { CommandType, RetryState } = api.enums.v1;

describe('reports on activities', () => {
  let deployment: TestDeployment;
  let gateway: WorkerGateway;
  let other: WorkerGateway;

  beforeAll(async () => {
    deployment = await TestDeployment.start();
    gateway = await deployment.open('api-1');
    other = await deployment.open('api-2');
  });
  afterAll(() => deployment.stop());

  const retried = (maximumAttempts: number) => ({
    retryPolicy: { maximumAttempts, initialInterval: { nanos: 1_000_000 }, backoffCoefficient: 1 },
  });

  /** A workflow with one activity, started. */
  async function started(attributes: Parameters<typeof activity>[1] = {}) {
    const run = await gateway.start();
    await gateway.complete(await gateway.pollWorkflow(run.taskQueue), {
      commands: [activity('a1', attributes)],
    });
    const task = await gateway.pollActivity(run.taskQueue);
    const { taskToken } = task;
    const byToken = { namespace: NAMESPACE, taskToken, identity: WORKER };
    const byId = { namespace: NAMESPACE, workflowId: run.workflowId, activityId: 'a1', identity: WORKER };
    return { ...run, task, byToken, byId };
  }

  /** How the activity ended for the workflow, which ends with it. */
  async function outcome(taskQueue: string) {
    const task = await gateway.pollWorkflow(taskQueue);
    await gateway.complete(task, { commands: [finish()] });
    return task.history.events?.at(-3);
  }

  it('complete one, once', async () => {
    const { taskQueue, byToken } = await started();
    await other.call('RespondActivityTaskCompleted', { ...byToken, result: payloads('paid') });
    const again = refusal(gateway.call('RespondActivityTaskCompleted', byToken));
    expect(await again).toEqual({
      code: 'NOT_FOUND',
      message: 'invalid activityID or activity already timed out or invoking workflow is completed',
    });
    const completed = (await outcome(taskQueue))?.activityTaskCompletedEventAttributes;
    expect(valueOf(completed?.result)).toBe('paid');
    expect(completed?.identity).toBe(WORKER);
    const late = refusal(gateway.call('RespondActivityTaskCompleted', byToken));
    expect((await late).code).toBe('NOT_FOUND');
  });

  it('fail one, which is tried again with what it had reported last', async () => {
    const { taskQueue, byToken, task } = await started(retried(2));
    expect(task.retryPolicy.maximumAttempts).toBe(2);
    await gateway.call('RespondActivityTaskFailed', {
      ...byToken,
      failure: { message: 'declined', applicationFailureInfo: { type: 'Declined' } },
      lastHeartbeatDetails: payloads('half way'),
    });
    const second = await gateway.pollActivity(taskQueue);
    expect(second.attempt).toBe(2);
    expect(valueOf(second.heartbeatDetails)).toBe('half way');
    await other.call('RespondActivityTaskFailed', {
      ...byToken,
      taskToken: second.taskToken,
      failure: { message: 'declined again', applicationFailureInfo: { type: 'Declined' } },
    });
    expect((await outcome(taskQueue))?.activityTaskFailedEventAttributes).toMatchObject({
      failure: { message: 'declined again', applicationFailureInfo: { type: 'Declined' } },
      retryState: RetryState.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED,
    });
    const late = gateway.call('RespondActivityTaskFailed', {
      ...byToken,
      lastHeartbeatDetails: payloads('late'),
    });
    expect((await refusal(late)).code).toBe('NOT_FOUND');
  });

  it('beat, and learn that the workflow wants it to stop', async () => {
    const { taskQueue, workflowId, byToken, byId, task } = await started();
    expect((await gateway.call('RecordActivityTaskHeartbeat', byToken)).cancelRequested).toBe(false);
    const unasked = refusal(gateway.call('RespondActivityTaskCanceled', byToken));
    expect((await unasked).code).toBe('INVALID_ARGUMENT');
    await gateway.engine.signalWorkflow({ namespace: NAMESPACE, workflowId, signalName: 'stop' });
    const scheduled = (await gateway.history(workflowId)).find(
      ({ eventType }) => eventType === 'ActivityTaskScheduled',
    );
    await gateway.complete(await gateway.pollWorkflow(taskQueue), {
      commands: [
        {
          commandType: CommandType.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK,
          requestCancelActivityTaskCommandAttributes: { scheduledEventId: scheduled?.eventId as never },
        },
      ],
    });
    expect(task.activityId).toBe('a1');
    const beat = { ...byToken, details: payloads(3) };
    expect((await other.call('RecordActivityTaskHeartbeat', beat)).cancelRequested).toBe(true);
    expect((await other.call('RecordActivityTaskHeartbeatById', byId)).cancelRequested).toBe(true);
    await other.call('RespondActivityTaskCanceled', { ...byToken, details: payloads('stopped') });
    const canceled = (await outcome(taskQueue))?.activityTaskCanceledEventAttributes;
    expect(valueOf(canceled?.details)).toBe('stopped');
    expect((await refusal(gateway.call('RecordActivityTaskHeartbeat', byToken))).code).toBe('NOT_FOUND');
  });

  it('by id do the same', async () => {
    const completed = await started();
    await other.call('RespondActivityTaskCompletedById', { ...completed.byId, result: payloads(1) });
    expect((await outcome(completed.taskQueue))?.activityTaskCompletedEventAttributes).toBeTruthy();

    const failed = await started(retried(2));
    const failure = { message: 'declined' };
    const details = payloads('half way');
    await other.call('RespondActivityTaskFailedById', {
      ...failed.byId,
      runId: failed.runId,
      failure,
      lastHeartbeatDetails: details,
    });
    const second = await gateway.pollActivity(failed.taskQueue);
    expect(valueOf(second.heartbeatDetails)).toBe('half way');
    await other.call('RespondActivityTaskFailedById', { ...failed.byId, failure });
    expect((await outcome(failed.taskQueue))?.activityTaskFailedEventAttributes).toBeTruthy();

    const running = await started();
    const beat = { ...running.byId, details: payloads('here') };
    expect((await other.call('RecordActivityTaskHeartbeatById', beat)).cancelRequested).toBe(false);
    const unasked = refusal(other.call('RespondActivityTaskCanceledById', running.byId));
    expect((await unasked).code).toBe('INVALID_ARGUMENT');
    const unknown = { ...running.byId, activityId: 'a2' };
    expect((await refusal(other.call('RespondActivityTaskCompletedById', unknown))).code).toBe('NOT_FOUND');
  });

  it('are refused with the token of a workflow task', async () => {
    const { taskQueue } = await gateway.start();
    const { taskToken } = await gateway.pollWorkflow(taskQueue);
    const wrong = gateway.call('RespondActivityTaskCompleted', { namespace: NAMESPACE, taskToken });
    expect((await refusal(wrong)).code).toBe('INVALID_ARGUMENT');
    await gateway.complete({ taskToken }, { commands: [finish()] });
  });
});
