import { problemSchema, PROBLEM_MEDIA_TYPE } from '@tidewheel/protocol';
import { waitUntil } from '@tidewheel/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDeployment, TASK_QUEUE } from './deployment.js';
import type { Deployment } from './deployment.js';

const TIMEOUT_MS = 60_000;
const WORKFLOWS = '/api/v1/namespaces/default/workflows';

let logFolder: string;
let deployment: Deployment;

beforeEach(async () => {
  logFolder = await mkdtemp(join(tmpdir(), 'tidewheel-crash-'));
  deployment = await startDeployment({ partitions: 1, workers: 1, apis: 1, logFolder });
});

afterEach(async () => {
  await deployment.destroy();
  await rm(logFolder, { recursive: true });
});

function ask(path: string, body?: unknown): Promise<Response> {
  return fetch(`${deployment.apiUrls[0] ?? ''}${path}`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body !== undefined && {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
}

function start(workflowId: string, workflowType: string, input: readonly unknown[]): Promise<Response> {
  return ask(`${WORKFLOWS}/${workflowId}`, {
    workflowType,
    taskQueue: TASK_QUEUE,
    input,
    requestId: workflowId,
  });
}

async function resultOf(workflowId: string): Promise<unknown> {
  return waitUntil(
    async () => {
      const response = await ask(`${WORKFLOWS}/${workflowId}/result`);
      const outcome = (await response.json()) as Record<string, unknown>;
      return outcome['status'] === 'COMPLETED' ? { value: outcome['result'] } : undefined;
    },
    { what: `the result of ${workflowId}`, timeoutMs: TIMEOUT_MS },
  );
}

function untilReadyIs(status: number): Promise<unknown> {
  return waitUntil(async () => (await ask('/ready')).status === status, {
    what: `readiness to be ${status}`,
    timeoutMs: TIMEOUT_MS,
  });
}

async function expectUnavailable(response: Response): Promise<void> {
  expect(response.headers.get('content-type')).toContain(PROBLEM_MEDIA_TYPE);
  const problem = problemSchema.parse(await response.json());
  expect({ status: response.status, code: problem.code }).toEqual({ status: 503, code: 'UNAVAILABLE' });
}

describe('while Redis is away', () => {
  it.each(['killed', 'frozen'] as const)(
    'the API answers 503 and is not ready, nothing ends, and all goes on afterwards (%s)',
    async (how) => {
      expect((await start('before', 'signals', [2])).status).toBe(200);
      expect((await start('counting', 'heartbeating', [30])).status).toBe(200);
      const waiting = ask(`${WORKFLOWS}/before/result`);
      await (how === 'killed' ? deployment.redis.kill() : deployment.redis.freeze?.());

      await untilReadyIs(503);
      // Who was waiting is told, and so is everybody who asks now.
      await expectUnavailable(await waiting);
      await expectUnavailable(await start('during', 'sequence', [[1, 2, 3]]));
      await expectUnavailable(await ask(`${WORKFLOWS}/before/signal/put`, { input: [1], requestId: 'one' }));
      await expectUnavailable(await ask(`${WORKFLOWS}/before`));
      await expectUnavailable(await ask(WORKFLOWS));
      expect((await ask('/health')).status).toBe(200);

      if (how === 'killed') await deployment.redis.restart();
      else deployment.redis.thaw?.();
      await untilReadyIs(200);
      expect((await start('during', 'sequence', [[1, 2, 3]])).status).toBe(200);
      expect((await ask(`${WORKFLOWS}/before/signal/put`, { input: [1], requestId: 'one' })).status).toBe(
        200,
      );
      expect((await ask(`${WORKFLOWS}/before/signal/put`, { input: [2], requestId: 'two' })).status).toBe(
        200,
      );
      expect(await resultOf('before')).toEqual({ value: [1, 2] });
      expect(await resultOf('during')).toEqual({ value: 6 });
      expect(await resultOf('counting')).toEqual({ value: 90 });

      const processes = [...deployment.apis, ...deployment.workers];
      expect(processes.filter(({ isRunning }) => !isRunning)).toEqual([]);
      await Promise.all(processes.map((each) => each.end()));
      expect(processes.flatMap(({ faults }) => faults)).toEqual([]);
    },
  );
});
