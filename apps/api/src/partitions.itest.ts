import { spawnProcess, startTestRedis } from '@tidewheel/testing';
import type { TestRedis } from '@tidewheel/testing';
import { resolve } from 'node:path';

const PROGRAM = resolve(__dirname, '../dist/main.js');

describe('the command "partitions"', () => {
  let redis: TestRedis;

  beforeEach(async () => {
    redis = await startTestRedis();
  });
  afterEach(() => redis.stop());

  async function run(...args: string[]): Promise<{ readonly code: number | null; readonly lines: string[] }> {
    const lines: string[] = [];
    const process = await spawnProcess({
      command: globalThis.process.execPath,
      args: [PROGRAM, 'partitions', ...args],
      env: { REDIS_URL: redis.url },
      name: 'partitions',
      onLine: (line) => lines.push(line),
    });
    const { code } = await process.exited;
    return { code, lines };
  }

  it('shows how many there are, and makes them more at a later time', async () => {
    expect(await run()).toEqual({ code: 0, lines: ['partitions: 1 from the beginning'] });
    expect(await run('--grow-to', '4', '--in', '10m')).toEqual({
      code: 0,
      lines: [
        'partitions: 1 from the beginning',
        expect.stringMatching(/^partitions: 4 from 20\d\d-.*Z, in (600|59\d)s$/),
        'partitions: restart all API and worker processes before that time',
      ],
    });
    const [before, later] = (await run()).lines;
    expect(before).toBe('partitions: 1 from the beginning');
    expect(later).toMatch(/^partitions: 4 from /);
  });

  it('refuses what cannot be done, and says why', async () => {
    expect(await run('--grow-to', '1')).toEqual({
      code: 1,
      lines: [expect.stringMatching(/^partitions: REFUSED: partitions: must be more than the 1 /)],
    });
    expect((await run('--grow-to', '4', '--in', '5s')).lines[0]).toMatch(
      /REFUSED: delay: must be 120 s or more/,
    );
    for (const args of [
      ['--grow-to', 'four'],
      ['--grow-to', '4', '--in', 'soon'],
      ['--in', '5m'],
      ['--shrink'],
    ]) {
      expect(await run(...args)).toMatchObject({ code: 2 });
    }
  });
});
