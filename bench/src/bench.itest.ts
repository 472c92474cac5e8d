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
      cluster: null,
      partitions: 1,
      fsync: 'everysec',
      perSecond: expect.any(Number),
      p50Ms: expect.any(Number),
      p99Ms: expect.any(Number),
      redisScriptCallsPerItem: expect.any(Number),
      redisCommandsPerItem: expect.any(Number),
      redisCpuMicrosPerItem: expect.any(Number),
      redisSystemCpuMicrosPerItem: expect.any(Number),
      redisBytesPerItem: expect.any(Number),
      workerCpuMicrosPerItem: expect.any(Number),
      clientCpuMicrosPerItem: expect.any(Number),
      apiCpuMicrosPerItem: null,
      rounds: 1,
    });
  }
});

it('counts what all primaries of a cluster did', async () => {
  const { code, stdout } = await runBench([
    ...['workflow-1-activity', '--cluster', '3', '--partitions', '4', '--in-flight', '50'],
    ...['--seconds', '1', '--rounds', '1', '--json'],
  ]);
  expect(code).toBe(0);
  const [result] = stdout.map((line) => JSON.parse(line) as Record<string, number>);
  expect(result).toMatchObject({ cluster: 3, partitions: 4, inFlight: 50 });
  // Each workflow takes a start and three completions, whichever primary has it.
  expect(result?.['redisScriptCallsPerItem']).toBeGreaterThanOrEqual(4);
  // It keeps some 1,250, also of the first workflows; statistics that the servers keep of commands are not among them.
  expect(result?.['redisBytesPerItem']).toBeGreaterThan(1_000);
});

it('compares a cluster with one server', async () => {
  const { code, stdout } = await runBench([
    ...['cluster', '--in-flight', '20', '--seconds', '1', '--rounds', '1', '--json'],
  ]);
  expect(code).toBe(0);
  const rows = stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(rows).toContainEqual({
    scenario: 'cluster',
    system: 'tidewheel',
    measure: 'commands, cluster',
    value: expect.any(Number),
    unit: 'times, median of rounds',
  });
});

it.each([[['workflow-0-activities']], [['backlog', '--cluster', '3']], [['sandbox', '--cluster', '3']]])(
  'refuses %j, which it does not know or cannot do',
  async (args) => {
    expect(await runBench(args)).toEqual({ code: 2, stdout: [] });
  },
);
