import { spawnProcess } from '@tidewheel/testing';
import type { SpawnedProcess } from '@tidewheel/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startRunningApi } from './running-api.fixture.js';
import type { RunningApi } from './running-api.fixture.js';

const WORKER = resolve(__dirname, '../../worker/dist/main.js');
const BASE = '/api/v1/namespaces/default';
const POISON = `export function handle() { process.kill(process.pid, 'SIGKILL'); return new Promise(() => undefined); }`;
const CURED = `export async function handle() { return 'survived'; }`;

/** A safety net, not an expectation: on a busy machine a process may take long to start. */
const timeoutMs = 200_000;
jest.setTimeout(2 * timeoutMs);

interface Description {
  readonly pendingActivities: readonly {
    readonly state: string;
    readonly quarantine?: { readonly count: number; readonly reason: string; readonly lastWorkers: string[] };
  }[];
}

describe.each([1, 4])('an activity that kills every worker, with %i partitions', (partitions) => {
  let api: RunningApi;
  let folder: string;
  const workers: SpawnedProcess[] = [];

  beforeAll(async () => {
    api = await startRunningApi({
      TIDEWHEEL_PARTITIONS: String(partitions),
      TIDEWHEEL_QUARANTINE_AFTER: '3',
    });
    folder = await mkdtemp(join(tmpdir(), 'poison-'));
    await writeFile(join(folder, 'poison.mjs'), POISON);
    await writeFile(join(folder, 'cured.mjs'), CURED);
  });
  afterAll(async () => {
    for (const worker of workers) {
      worker.kill('SIGKILL');
      await worker.exited;
    }
    await api.stop();
    await rm(folder, { recursive: true });
  });

  async function startWorker(module: string): Promise<SpawnedProcess> {
    const worker = await spawnProcess({
      command: process.execPath,
      args: [WORKER],
      env: {
        TIDEWHEEL_REDIS_URL: api.redisUrl,
        TIDEWHEEL_WORKER_TASK_QUEUES: 'poisoned',
        TIDEWHEEL_WORKER_ACTIVITIES: join(folder, module),
        // All of one name, as the containers of one pod are.
        TIDEWHEEL_WORKER_IDENTITY: 'worker@pod',
        TIDEWHEEL_WORKER_PORT: '0',
      },
      name: module,
    });
    workers.push(worker);
    return worker;
  }

  async function done(route: string, body: object): Promise<Record<string, unknown>> {
    const { status, json, text } = await api.http.post(`${BASE}/${route}`, body);
    if (status !== 200) throw new Error(`${route}: ${text}`);
    return json as Record<string, unknown>;
  }

  /** Completes the next workflow task. */
  async function decide(workerToken: unknown, ...commands: object[]): Promise<void> {
    let task: Record<string, unknown> = {};
    while (!('taskToken' in task)) task = await done('workflow-task-poll', { workerToken });
    await done('workflow-task-complete', { taskToken: task['taskToken'], commands });
  }

  const described = async () => (await api.http.get(`${BASE}/workflows/w`)).json as Description;

  it('is kept back, shown with the reason, and comes again when it is released', async () => {
    const decider = { identity: 'decider', taskQueue: 'deciders', workflowTypes: ['test'] };
    const { workerToken } = await done('workers', decider);
    await done('workflows/w', { workflowType: 'test', taskQueue: 'deciders' });
    await decide(workerToken, {
      commandType: 'ScheduleActivityTask',
      attributes: {
        activityId: 'a',
        activityType: 'handle',
        taskQueue: 'poisoned',
        startToCloseTimeout: '1s',
        retryPolicy: { initialInterval: '1ms', maximumInterval: '1ms' },
      },
    });
    let deaths = 0;
    for (;;) {
      const { pendingActivities } = await described();
      if (pendingActivities[0]?.state === 'QUARANTINED') break;
      const worker = workers.at(-1);
      if (!worker || worker.hasExited) {
        if (worker) expect(await worker.exited).toEqual({ code: null, signal: 'SIGKILL' });
        await startWorker('poison.mjs');
        deaths++;
      }
      await new Promise((resume) => setTimeout(resume, 200));
    }
    // The last one that was started may find nothing to die of.
    expect(deaths).toBeGreaterThanOrEqual(3);
    expect(deaths).toBeLessThanOrEqual(4);
    const quarantine = { count: 3, lastWorkers: ['worker@pod', 'worker@pod', 'worker@pod'] };
    expect((await described()).pendingActivities[0]?.quarantine).toMatchObject(quarantine);
    expect((await api.http.get(`${BASE}/quarantined-tasks`)).json).toMatchObject({
      tasks: [{ execution: { workflowId: 'w' }, activityId: 'a', ...quarantine }],
    });
    expect((await api.http.get('/metrics')).text).toMatch(/^tidewheel_quarantined_tasks(\{.*\})? 1$/m);

    for (const worker of workers) worker.kill('SIGKILL');
    await startWorker('cured.mjs');
    await done('workflows/w/activities/a/release', {});
    expect((await api.http.post(`${BASE}/workflows/w/activities/a/release`, {})).problem).toMatchObject({
      code: 'QUARANTINED_TASK_NOT_FOUND',
    });
    await decide(workerToken, { commandType: 'CompleteWorkflowExecution', attributes: { result: 'done' } });
    expect((await api.http.get(`${BASE}/quarantined-tasks`)).json).toEqual({ tasks: [] });
    const { json } = await api.http.get(`${BASE}/workflows/w/history`);
    expect(JSON.stringify(json)).toContain('"result":["survived"]');
  });
});
