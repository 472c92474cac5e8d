import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnProcess, waitUntil } from '@tidewheel/testing';
import { processExists } from './process-exists.fixture.js';

/** Stands for a test process: it starts two processes and a Redis server with the built library, and never stops them. */
const FORGETFUL_TEST = `
  const { spawnProcess, startTestRedis } = await import(process.env.TESTING_LIBRARY);
  const sleepers = [await spawnProcess({ command: 'sleep', args: ['1000000'] }),
                    await spawnProcess({ command: 'sleep', args: ['1000000'] })];
  const ended = await spawnProcess({ command: 'true' });
  await ended.exited;
  const redis = await startTestRedis({ dir: process.env.DATA_DIR });
  console.log('pids ' + [...sleepers.map(({ pid }) => pid), redis.pid].join(' '));
`;

it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'nothing outlives a test process that ends by %s',
  async (signal) => {
    const dir = await mkdtemp(join(tmpdir(), 'orphan-'));
    const parent = await spawnProcess({
      command: process.execPath,
      args: ['--input-type=module', '-e', FORGETFUL_TEST],
      env: {
        TESTING_LIBRARY: fileURLToPath(new URL('../dist/index.js', import.meta.url)),
        DATA_DIR: dir,
        NODE_OPTIONS: undefined,
      },
      name: 'the forgetful test',
    });
    const [, list = ''] = await parent.waitForLine(/^pids (.*)$/);
    const pids = list.split(' ').map(Number);
    expect(pids.map(processExists)).toEqual([true, true, true]);
    parent.kill(signal);
    await parent.exited;
    await waitUntil(() => !pids.some(processExists), { what: `the processes ${list} to be gone` });
    await rm(dir, { recursive: true });
  },
);
