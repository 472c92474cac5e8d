import type { VersioningOverride } from '@tidewheel/client';
import { isEventOf } from '@tidewheel/core';
import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import type { waits } from './versioning-override-workflows.fixture.js';
import { WorkerDeployment } from './worker-deployment.fixture.js';

const NAMESPACE = 'default';
const DEPLOYMENT = 'shop';
const ANSWERS = { timeoutMs: 60_000 };

describe.each([1, 4])('the versioning override of a start, with %i partition(s)', (partitions) => {
  let deployment: WorkerDeployment;
  const taskQueue = 'orders';

  beforeAll(async () => {
    deployment = await WorkerDeployment.start('versioning-override-workflows.fixture.ts', partitions);
    for (const buildId of ['1', '2']) {
      await deployment.addWorker({
        taskQueue,
        workflowBundle: deployment.workflowBundle,
        workerDeploymentOptions: {
          version: { deploymentName: DEPLOYMENT, buildId },
          useWorkerVersioning: true,
          defaultVersioningBehavior: 'PINNED',
        },
      });
      await setCurrent(buildId);
    }
  });
  afterAll(() => deployment.stop());

  const setCurrent = (buildId: string) =>
    waitUntil(
      () =>
        deployment.connection.engine
          .setWorkerDeploymentCurrentVersion({ namespace: NAMESPACE, deploymentName: DEPLOYMENT, buildId })
          .catch(() => undefined),
      { what: `version ${buildId} to be current`, ...ANSWERS },
    );

  const pinnedTo = (buildId: string): VersioningOverride => ({
    pinnedTo: { deploymentName: DEPLOYMENT, buildId },
  });

  /** The builds whose workers completed workflow tasks of an execution, in turn. */
  async function builds(workflowId: string): Promise<(string | undefined)[]> {
    const { events } = await deployment.connection.engine.getHistory({ namespace: NAMESPACE, workflowId });
    return events.flatMap((event) =>
      isEventOf(event, 'WorkflowTaskCompleted') ? [event.attributes.workerVersion?.buildId] : [],
    );
  }

  it.each(['start', 'signalWithStart'] as const)('decides who runs it, given to %s', async (method) => {
    const { workflow } = deployment.client;
    const run = async (versioningOverride?: VersioningOverride): Promise<string[]> => {
      const options = {
        workflowId: randomUUID(),
        taskQueue,
        ...(versioningOverride && { versioningOverride }),
      };
      const handle =
        method === 'start'
          ? await workflow.start<typeof waits>('waits', options)
          : await workflow.signalWithStart<typeof waits>('waits', { ...options, signal: 'go' });
      if (method === 'start') await handle.signal('go');
      expect(await handle.result()).toBe('told');
      return [...new Set((await builds(options.workflowId)).map(String))];
    };
    expect(await run()).toEqual(['2']);
    expect(await run(pinnedTo('1'))).toEqual(['1']);
    expect(await run('AUTO_UPGRADE')).toEqual(['2']);
  });

  it('lets one go along that its workers would keep, once another version is current', async () => {
    const { workflow } = deployment.client;
    const start = async (versioningOverride?: VersioningOverride) => {
      const workflowId = randomUUID();
      const handle = await workflow.start<typeof waits>('waits', {
        workflowId,
        taskQueue,
        ...(versioningOverride && { versioningOverride }),
      });
      await waitUntil(async () => (await builds(workflowId)).length === 1, {
        what: 'the first task',
        ...ANSWERS,
      });
      return handle;
    };
    const moving = await start('AUTO_UPGRADE');
    const staying = await start();
    await setCurrent('1');
    for (const handle of [moving, staying]) {
      await handle.signal('go');
      await handle.result();
    }
    expect(await builds(moving.workflowId)).toEqual(['2', '1']);
    expect(await builds(staying.workflowId)).toEqual(['2', '2']);
    await setCurrent('2');
  });

  it('is refused when there is no such version, and nothing is started', async () => {
    const workflowId = randomUUID();
    const options = { workflowId, taskQueue, versioningOverride: pinnedTo('3') };
    await expect(deployment.client.workflow.start<typeof waits>('waits', options)).rejects.toMatchObject({
      code: 'WORKER_DEPLOYMENT_NOT_FOUND',
    });
    await expect(deployment.client.workflow.getHandle(workflowId).describe()).rejects.toMatchObject({
      code: 'WORKFLOW_NOT_FOUND',
    });
  });
});
