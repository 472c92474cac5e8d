import { spawnProcess } from '@tidewheel/testing';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/bench', import.meta.url));

async function runBench(args: readonly string[]): Promise<{ code: number | null; stdout: string[] }> {
  const stdout: string[] = [];
  const bench = await spawnProcess({
    command: SCRIPT,
    args,
    name: 'scripts/bench',
    onLine: (line, stream) => {
      if (stream === 'stdout') stdout.push(line);
    },
  });
  const { code } = await bench.exited;
  return { code, stdout };
}

it('prints one JSON object for each load of a scenario', async () => {
  const { code, stdout } = await runBench([
    ...['workflow-1-activity', '--seconds', '1', '--rounds', '1', '--json'],
  ]);
  expect(code).toBe(0);
  const results = stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(results.map(({ inFlight }) => inFlight)).toEqual([200, 1]);
  for (const result of results) {
    expect(result).toEqual({
      scenario: 'workflow-1-activity',
      system: 'tidewheel',
      inFlight: expect.any(Number),
      fsync: 'everysec',
      perSecond: expect.any(Number),
      p50Ms: expect.any(Number),
      p99Ms: expect.any(Number),
      redisScriptCallsPerItem: expect.any(Number),
      redisCommandsPerItem: expect.any(Number),
      redisCpuMicrosPerItem: expect.any(Number),
      redisBytesPerItem: expect.any(Number),
      workerCpuMicrosPerItem: expect.any(Number),
      clientCpuMicrosPerItem: expect.any(Number),
      apiCpuMicrosPerItem: null,
      rounds: 1,
    });
  }
});

it('refuses what it does not know', async () => {
  expect(await runBench(['workflow-0-activities'])).toEqual({ code: 2, stdout: [] });
});
