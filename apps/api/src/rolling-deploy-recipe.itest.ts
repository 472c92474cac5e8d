import { NativeConnection, Worker } from '@tidewheel/worker';
import { waitUntil } from '@tidewheel/testing';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startRunningApi } from './running-api.fixture.js';
import type { RunningApi } from './running-api.fixture.js';

const PAGE = fileURLToPath(new URL('../../../docs/task-queues.md', import.meta.url));
const NAMESPACE = '/api/v1/namespaces/default';
const DEPLOYMENT = `${NAMESPACE}/worker-deployments/shop`;
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

/** The commands under "A rolling deploy", as a reader copies them. */
function recipe(): string {
  const [, section = ''] = readFileSync(PAGE, 'utf8').split('\n### A rolling deploy\n');
  const [, commands = ''] = /```bash\n(.*?)```/s.exec(section) ?? [];
  return commands;
}

describe('the commands of a rolling deploy in the docs', () => {
  let api: RunningApi;
  const connections: NativeConnection[] = [];
  const running: { readonly worker: Worker; readonly done: Promise<void> }[] = [];

  beforeAll(async () => {
    api = await startRunningApi();
    for (const buildId of ['1', '2']) {
      const connection = await NativeConnection.connect({ url: api.redisUrl, logger: silent });
      connections.push(connection);
      const worker = await Worker.create({
        connection,
        taskQueue: 'orders',
        activities: { greet: () => Promise.resolve('hello') },
        workerDeploymentOptions: {
          version: { deploymentName: 'shop', buildId },
          useWorkerVersioning: true,
          defaultVersioningBehavior: 'PINNED',
        },
        logger: silent,
      });
      running.push({ worker, done: worker.run() });
      await waitUntil(
        async () =>
          (await api.http.get(`${NAMESPACE}/worker-deployment-versions/shop/${buildId}`)).status === 200,
        {
          what: `version ${buildId} to poll`,
          timeoutMs: 60_000,
        },
      );
    }
    const current = await api.http.post(`${DEPLOYMENT}/set-current-version`, { buildId: '1' });
    expect(current.status).toBe(200);
  });

  afterAll(async () => {
    for (const { worker } of running) worker.shutdown();
    await Promise.all(running.map(({ done }) => done));
    await Promise.all(connections.map((connection) => connection.close()));
    await api.stop();
  });

  /** Runs what stands in the docs, with the address of this API process; returns what it printed. */
  async function run(commands: string): Promise<string> {
    const here = commands.replace('http://127.0.0.1:7243', `http://127.0.0.1:${api.port}`);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', here]);
    return stdout;
  }

  const routing = async (): Promise<unknown> =>
    ((await api.http.get(DEPLOYMENT)).json as { readonly routingConfig: unknown }).routingConfig;

  it('ramp the new version, make it current, and tell how the old one drains', async () => {
    const all = recipe();
    const ramping = all.slice(0, all.indexOf('\n', all.indexOf('/set-ramping-version')));
    expect(ramping).toContain('curl');
    await run(ramping);
    expect(await routing()).toMatchObject({
      currentDeploymentVersion: { buildId: '1' },
      rampingDeploymentVersion: { buildId: '2' },
      rampingVersionPercentage: 10,
    });

    const printed = await run(all);
    expect(await routing()).toMatchObject({ currentDeploymentVersion: { buildId: '2' } });
    expect(await routing()).not.toHaveProperty('rampingDeploymentVersion');
    expect(printed.trim().split('\n').at(-1)).toBe('"status":"DRAINING"');
  });
});
