import { Client, Connection } from '@tidewheel/client';
import { spawnProcess, startTestStore } from '@tidewheel/testing';
import type { SpawnedProcess, TestStore } from '@tidewheel/testing';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFileServer } from './file-server.js';
import type { FileServer } from './file-server.js';
import { expectedStatistics } from './expected-statistics.fixture.js';
import type { FileReport, processFile, processFileInSession } from './workflows.js';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** A worker process and the queue that only it serves. */
interface Host {
  readonly worker: SpawnedProcess;
  readonly taskQueue: string;
}

let redis: TestStore;
let api: SpawnedProcess;
let connection: Connection;
let client: Client;
let files: FileServer;
let folder: string;
let hosts: Host[] = [];
let whenUploading: (name: string) => Promise<void> = () => Promise.resolve();

async function run(program: string, env: Record<string, string>): Promise<SpawnedProcess> {
  return spawnProcess({ command: process.execPath, args: [join(REPOSITORY, program)], env, name: program });
}

async function startHost(): Promise<Host> {
  const worker = await run('examples/file-processing/dist/worker.js', { REDIS_URL: redis.url });
  const [, taskQueue = ''] = await worker.waitForLine(/file-processing and (\S+);/);
  return { worker, taskQueue };
}

/** Ends every host, in order or not, and removes what it may have left behind. */
async function endHosts(): Promise<void> {
  for (const { worker, taskQueue } of hosts) {
    worker.kill('SIGKILL');
    await worker.exited;
    const hostFolder = join(tmpdir(), 'tidewheel-file-processing', encodeURIComponent(taskQueue));
    await rm(hostFolder, { recursive: true, force: true });
  }
  hosts = [];
}

function start(name: string, hostTimeout: string) {
  return client.workflow.start<typeof processFile>('processFile', {
    workflowId: `file-${name}-${hostTimeout}`,
    taskQueue: 'file-processing',
    args: [
      { sourceUrl: `${files.url}/data/${name}`, targetUrl: `${files.url}/results/${name}.json`, hostTimeout },
    ],
  });
}

async function uploaded(report: FileReport): Promise<unknown> {
  const response = await fetch(report.targetUrl);
  expect(response.status).toBe(200);
  return response.json();
}

/** The history in short: each activity with its queue and how it ended, in the order of their ends. */
async function activitiesOf(workflowId: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return events.flatMap((event) => {
    if (!('attributes' in event) || !('scheduledEventId' in event.attributes)) return [];
    const { scheduledEventId } = event.attributes;
    const scheduled = events.find(({ eventId }) => eventId === scheduledEventId);
    const ending = /^ActivityTask(Completed|TimedOut|Failed|Canceled)$/.exec(event.eventType)?.[1];
    if (scheduled?.eventType !== 'ActivityTaskScheduled' || ending === undefined) return [];
    const { activityType, taskQueue } = scheduled.attributes;
    return [`${activityType} on ${taskQueue ?? 'file-processing'}: ${ending}`];
  });
}

beforeAll(async () => {
  redis = await startTestStore();
  // It sees to timeouts and retries.
  api = await run('apps/api/dist/main.js', { REDIS_URL: redis.url, TIDEWHEEL_API_PORT: '0' });
  await api.waitForLine(/"ready"/);
  connection = await Connection.connect({ url: redis.url });
  client = new Client({ connection });
  folder = await mkdtemp(join(tmpdir(), 'tidewheel-results-'));
  files = await startFileServer({
    port: 0,
    resultFolder: folder,
    beforeUpload: (name) => whenUploading(name),
  });
});
afterAll(async () => {
  await connection.close();
  await files.close();
  api.kill('SIGKILL');
  await api.exited;
  await redis.stop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  whenUploading = () => Promise.resolve();
  hosts = [await startHost(), await startHost()];
});
afterEach(endHosts);

describe('the file-processing example', () => {
  it('processes every file on the host that downloaded it, and leaves nothing there', async () => {
    const names = ['seattle-weather.csv', 'cars.json', 'stocks.csv', 'penguins.json'];
    const handles = await Promise.all(names.map((name) => start(name, '30s')));
    for (const [i, handle] of handles.entries()) {
      const name = names[i] ?? '';
      const report = await handle.result();
      const expected = await expectedStatistics(name);
      expect(await uploaded(report)).toEqual(expected);
      expect(report).toMatchObject({ hosts: 1, rows: expected.rows });
      expect(hosts.map(({ taskQueue }) => taskQueue)).toContain(report.hostTaskQueue);
      expect(await activitiesOf(handle.workflowId)).toEqual([
        'downloadFile on file-processing: Completed',
        `processFile on ${report.hostTaskQueue}: Completed`,
        `uploadFile on ${report.hostTaskQueue}: Completed`,
        `removeLocalFile on ${report.hostTaskQueue}: Completed`,
      ]);
    }
    for (const { worker, taskQueue } of hosts) {
      worker.kill('SIGTERM');
      await expect(worker.exited).resolves.toEqual({ code: 0, signal: null });
      const hostFolder = join(tmpdir(), 'tidewheel-file-processing', encodeURIComponent(taskQueue));
      const left = await readdir(hostFolder).catch(() => []);
      expect(left).toEqual([]);
    }
  });

  it('undoes and starts over on another host when the one that downloaded is killed', async () => {
    const name = 'birdstrikes.csv';
    const target = join(folder, `${name}.json`);
    // The first upload never gets its answer: its host is killed while the file is half there.
    let victim: Host | undefined;
    whenUploading = async () => {
      if (victim) return;
      await stat(target);
      const { events } = await client.workflow.getHandle(`file-${name}-1s`).fetchHistory();
      const upload = events.find(
        (event) =>
          event.eventType === 'ActivityTaskScheduled' && event.attributes.activityType === 'uploadFile',
      );
      const queue = upload?.eventType === 'ActivityTaskScheduled' ? upload.attributes.taskQueue : undefined;
      victim = hosts.find(({ taskQueue }) => taskQueue === queue);
      victim?.worker.kill('SIGKILL');
      await victim?.worker.exited;
    };

    const handle = await start(name, '1s');
    const report = await handle.result();

    const lost = victim?.taskQueue ?? 'nobody';
    expect(lost).not.toBe('nobody');
    expect(report).toMatchObject({ hosts: 2 });
    expect(report.hostTaskQueue).not.toBe(lost);
    expect(await uploaded(report)).toEqual(await expectedStatistics(name));
    expect(await activitiesOf(handle.workflowId)).toEqual([
      'downloadFile on file-processing: Completed',
      `processFile on ${lost}: Completed`,
      `uploadFile on ${lost}: TimedOut`,
      'discardUpload on file-processing: Completed',
      `removeLocalFile on ${lost}: TimedOut`,
      'downloadFile on file-processing: Completed',
      `processFile on ${report.hostTaskQueue}: Completed`,
      `uploadFile on ${report.hostTaskQueue}: Completed`,
      `removeLocalFile on ${report.hostTaskQueue}: Completed`,
    ]);
  });

  it('does the same in sessions, also when the host of one is killed', async () => {
    const name = 'airports.csv';
    let victim: Host | undefined;
    whenUploading = async () => {
      if (victim) return;
      const { events } = await client.workflow.getHandle(`session-${name}`).fetchHistory();
      const processed = events.filter((event) => event.eventType === 'ActivityTaskStarted').at(-1);
      const identity = processed && 'identity' in processed.attributes ? processed.attributes.identity : '';
      const pid = Number(/^\d+(?=@)/.exec(identity)?.[0]);
      victim = hosts.find(({ worker }) => worker.pid === pid);
      victim?.worker.kill('SIGKILL');
      await victim?.worker.exited;
    };
    const handle = await client.workflow.start<typeof processFileInSession>('processFileInSession', {
      workflowId: `session-${name}`,
      taskQueue: 'file-processing',
      args: [
        {
          sourceUrl: `${files.url}/data/${name}`,
          targetUrl: `${files.url}/results/${name}.json`,
          hostTimeout: '5s',
        },
      ],
    });
    const report = await handle.result();
    expect(victim).toBeDefined();
    expect(report.hosts).toBe(2);
    const expected = await expectedStatistics(name);
    expect(await uploaded(report)).toEqual(expected);
    expect(report.rows).toBe(expected.rows);
  });

  it('fails with what is wrong when the file cannot be processed', async () => {
    const missing = await start('no-such-file.csv', '30s');
    await expect(missing.result()).rejects.toMatchObject({
      cause: {
        cause: { message: expect.stringMatching(/no-such-file.csv answered 404$/), type: 'HttpError' },
      },
    });
    const unreadable = await start('7zip.png', '30s');
    await expect(unreadable.result()).rejects.toMatchObject({
      cause: { cause: { message: expect.stringMatching(/neither .csv nor .json$/), type: 'UnreadableFile' } },
    });
    expect((await activitiesOf(unreadable.workflowId)).map((line) => line.replace(/ on .*:/, ''))).toEqual([
      'downloadFile Completed',
      'processFile Failed',
      'removeLocalFile Completed',
    ]);
  });
});
