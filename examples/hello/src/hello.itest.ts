import { spawnProcess, startTestStore } from '@tidewheel/testing';
import type { SpawnedProcess, TestStore } from '@tidewheel/testing';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));

let redis: TestStore;
const processes: SpawnedProcess[] = [];

async function run(program: string): Promise<SpawnedProcess> {
  const running = await spawnProcess({
    command: process.execPath,
    args: [`${DIST}${program}`],
    env: { REDIS_URL: redis.url },
    name: program,
  });
  processes.push(running);
  return running;
}

beforeAll(async () => {
  redis = await startTestStore();
});
afterAll(async () => {
  for (const running of processes) {
    running.kill('SIGKILL');
    await running.exited;
  }
  await redis.stop();
});

describe('the hello example', () => {
  it('greets, whichever process is started first, and ends in order', async () => {
    const start = await run('start.js');
    const worker = await run('worker.js');

    await start.waitForLine(/^Hello, Ada!$/);
    await expect(start.exited).resolves.toEqual({ code: 0, signal: null });

    worker.kill('SIGTERM');
    await expect(worker.exited).resolves.toEqual({ code: 0, signal: null });
  });
});
