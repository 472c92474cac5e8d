import { openRedis } from '@tidewheel/store';
import { spawnProcess, startTestRedis } from '@tidewheel/testing';
import type { TestRedis } from '@tidewheel/testing';
import { resolve } from 'node:path';

const PROGRAM = resolve(__dirname, '../dist/main.js');

async function runPreflight(
  redisUrl: string,
  ...args: string[]
): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const process = await spawnProcess({
    command: globalThis.process.execPath,
    args: [PROGRAM, 'preflight', ...args],
    env: { REDIS_URL: redisUrl },
    name: 'preflight',
    onLine: (line) => lines.push(line),
  });
  const { code } = await process.exited;
  return { code, lines };
}

describe('the preflight', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await startTestRedis({ fsync: 'always' });
  });
  afterAll(() => redis.stop());

  async function configure(setting: string, value: string): Promise<void> {
    const connection = openRedis({ url: redis.url });
    await connection.config('SET', setting, value);
    connection.disconnect();
  }

  it('finds nothing wrong with a Redis that keeps what was acknowledged, and changes nothing there', async () => {
    const { code, lines } = await runPreflight(redis.url, '--strict');
    expect(lines).toEqual([
      `preflight: waiting for Redis at ${redis.url}, 60 s at most`,
      expect.stringMatching(/^preflight: ok: version \d+\.\d+/),
      'preflight: ok: what was acknowledged is kept',
    ]);
    expect(code).toBe(0);
    const connection = openRedis({ url: redis.url });
    expect(await connection.dbsize()).toBe(0);
    connection.disconnect();
  });

  it('says what is wrong and what to do, and fails only when it is strict', async () => {
    await configure('maxmemory-policy', 'allkeys-lru');
    try {
      const lenient = await runPreflight(redis.url);
      expect(lenient.lines.at(-1)).toMatch(
        /warning: maxmemory-policy is "allkeys-lru": .*set maxmemory-policy noeviction/,
      );
      expect(lenient.code).toBe(0);
      const strict = await runPreflight(redis.url, '--strict');
      expect(strict.lines.at(-1)).toMatch(/FAILED: maxmemory-policy is "allkeys-lru"/);
      expect(strict.code).toBe(1);
    } finally {
      await configure('maxmemory-policy', 'noeviction');
    }
  });

  it('fails when nobody answers, and hides the password', async () => {
    const { code, lines } = await runPreflight('redis://:hunter2@127.0.0.1:1', '--timeout-seconds', '1');
    expect(lines.at(-1)).toMatch(/FAILED: no answer from .*ECONNREFUSED/);
    expect(lines.join('\n')).not.toContain('hunter2');
    expect(code).toBe(1);
  });

  it.each([
    [['--timeout-seconds', '0'], /--timeout-seconds: got "0"/],
    [['--strictly'], /--strictly/],
  ])('refuses %j', async (args, message) => {
    const { code, lines } = await runPreflight(redis.url, ...args);
    expect(lines.join('\n')).toMatch(message);
    expect(code).toBe(2);
  });
});
