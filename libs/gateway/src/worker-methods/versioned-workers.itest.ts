import { status } from '@grpc/grpc-js';
import { waitUntil } from '@tidewheel/testing';
import { normalTaskQueue } from '../convert/task-queue.js';
import { api } from '../proto.js';
import { finish, NAMESPACE, TestDeployment } from '../worker-gateway.fixture.js';
import type { WorkerGateway } from '../worker-gateway.fixture.js';

const { VersioningBehavior, WorkerDeploymentVersionStatus, WorkerVersioningMode } = api.enums.v1;
const { VERSIONING_BEHAVIOR_PINNED, VERSIONING_BEHAVIOR_UNSPECIFIED } = VersioningBehavior;
const DEPLOYMENT = { namespace: NAMESPACE, deploymentName: 'shop' };

function options(buildId: string) {
  const workerVersioningMode = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED;
  return { deploymentName: DEPLOYMENT.deploymentName, buildId, workerVersioningMode };
}

describe.each([1, 4])('workers with versions over gRPC, with %i partition(s)', (partitions) => {
  let deployment: TestDeployment;
  let gateway: WorkerGateway;

  beforeAll(async () => {
    deployment = await TestDeployment.start({ partitions });
    gateway = await deployment.open('api-1');
  });
  afterAll(() => deployment.stop());

  const poll = (buildId: string) =>
    gateway.call('PollWorkflowTaskQueue', {
      namespace: NAMESPACE,
      taskQueue: normalTaskQueue('orders'),
      identity: `worker ${buildId}`,
      deploymentOptions: options(buildId),
    });

  const complete = (
    buildId: string,
    taskToken: Uint8Array,
    versioningBehavior: (typeof VersioningBehavior)[keyof typeof VersioningBehavior],
    commands: readonly ReturnType<typeof finish>[] = [],
  ) =>
    gateway.call('RespondWorkflowTaskCompleted', {
      namespace: NAMESPACE,
      taskToken,
      commands: [...commands],
      identity: `worker ${buildId}`,
      deploymentOptions: options(buildId),
      versioningBehavior,
    });

  /** Makes a version current as soon as its poll has come. */
  const setCurrent = (buildId: string) =>
    waitUntil(
      () =>
        gateway.call('SetWorkerDeploymentCurrentVersion', { ...DEPLOYMENT, buildId }).catch(() => undefined),
      { what: `version ${buildId} to be current`, timeoutMs: 20_000 },
    );

  it('get the executions of their version, and tell clients of it', async () => {
    const waiting = poll('1');
    await setCurrent('1');
    const { workflowId, runId } = await gateway.start({ taskQueue: 'orders' });
    const first = await waiting;
    expect(first.workflowExecution).toMatchObject({ workflowId });
    await expect(complete('1', first.taskToken, VERSIONING_BEHAVIOR_UNSPECIFIED)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: expect.stringContaining('versioning_behavior') as string,
    });
    await complete('1', first.taskToken, VERSIONING_BEHAVIOR_PINNED);

    const other = poll('2');
    await setCurrent('2');
    const execution = { workflowId, runId };
    await gateway.call('SignalWorkflowExecution', {
      namespace: NAMESPACE,
      workflowExecution: execution,
      signalName: 'go',
    });
    const second = await poll('1');
    expect(second.workflowExecution).toMatchObject({ workflowId });

    const described = await gateway.call('DescribeWorkflowExecution', { namespace: NAMESPACE, execution });
    expect(described.workflowExecutionInfo.versioningInfo).toMatchObject({
      behavior: VERSIONING_BEHAVIOR_PINNED,
      deploymentVersion: { deploymentName: 'shop', buildId: '1' },
      version: 'shop.1',
    });
    const version = await gateway.call('DescribeWorkerDeploymentVersion', {
      namespace: NAMESPACE,
      deploymentVersion: { deploymentName: 'shop', buildId: '1' },
    });
    expect(version.workerDeploymentVersionInfo).toMatchObject({
      status: WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING,
      taskQueueInfos: [{ name: 'orders' }],
    });

    // The override holds from the next workflow task on.
    await gateway.call('UpdateWorkflowExecutionOptions', {
      namespace: NAMESPACE,
      workflowExecution: execution,
      workflowExecutionOptions: { versioningOverride: { autoUpgrade: true } },
      updateMask: { paths: ['versioning_override'] },
    });
    await complete('1', second.taskToken, VERSIONING_BEHAVIOR_PINNED);
    const third = await other;
    expect(third.workflowExecution).toMatchObject({ workflowId });
    await complete('2', third.taskToken, VERSIONING_BEHAVIOR_PINNED, [finish()]);
    const { history } = await gateway.call('GetWorkflowExecutionHistory', {
      namespace: NAMESPACE,
      execution,
    });
    const completed = (history.events ?? []).flatMap(
      ({ workflowTaskCompletedEventAttributes }) => workflowTaskCompletedEventAttributes ?? [],
    );
    expect(completed.map(({ deploymentVersion }) => deploymentVersion?.buildId)).toEqual(['1', '1', '2']);
    const all = await gateway.call('ListWorkerDeployments', { namespace: NAMESPACE });
    expect(all.workerDeployments[0]?.routingConfig).toMatchObject({ currentVersion: 'shop.2' });
  });
});
