import { processExists } from './process-exists.fixture.js';
import {
  LineNotSeenError,
  type SpawnedProcess,
  spawnProcess,
  type SpawnProcessOptions,
} from './spawn-process.js';
import { waitUntil } from './wait-until.js';

const running: SpawnedProcess[] = [];

/** Runs JavaScript in a Node.js process of its own. */
async function run(program: string, options: Partial<SpawnProcessOptions> = {}): Promise<SpawnedProcess> {
  const spawned = await spawnProcess({ command: process.execPath, args: ['-e', program], ...options });
  running.push(spawned);
  return spawned;
}

/** Keeps a process alive until it is ended. */
const STAY = 'setInterval(() => undefined, 1_000_000);';

afterEach(async () => {
  for (const spawned of running.splice(0)) {
    spawned.kill('SIGKILL');
    await spawned.exited;
  }
});

describe('spawnProcess', () => {
  it('waits for a line, whether it comes or has come', async () => {
    const app = await run(`console.log('listening on 4711'); ${STAY}`);
    expect((await app.waitForLine(/listening on (\d+)/))[1]).toBe('4711');
    expect((await app.waitForLine(/listening on (\d+)/))[1]).toBe('4711');
  });

  it('can wait for the next such line', async () => {
    const app = await run(
      `process.on('SIGUSR2', () => console.log('reloaded')); console.log('ready'); ${STAY}`,
    );
    await app.waitForLine(/ready/);
    const reloaded = (): Promise<unknown> => app.waitForLine(/reloaded/, { from: 'now' });
    for (let time = 1; time <= 2; time += 1) {
      const next = reloaded();
      app.kill('SIGUSR2');
      await next;
      expect(app.lines.filter((line) => line === 'reloaded')).toHaveLength(time);
    }
  });

  it('finds a line again with a global pattern', async () => {
    const app = await run(`console.log('ready'); console.log('ready'); ${STAY}`);
    const pattern = /ready/g;
    await app.waitForLine(pattern);
    await app.waitForLine(pattern);
  });

  it('tells lines of stdout and stderr apart, and reads everything before it reports the end', async () => {
    const seen: [string, string][] = [];
    const app = await run(`console.log('out'); console.error('err'); process.stdout.write('no line end')`, {
      onLine: (line, stream) => seen.push([stream, line]),
    });
    await expect(app.exited).resolves.toEqual({ code: 0, signal: null });
    expect(seen.filter(([stream]) => stream === 'stdout').map(([, line]) => line)).toEqual([
      'out',
      'no line end',
    ]);
    expect(seen.filter(([stream]) => stream === 'stderr').map(([, line]) => line)).toEqual(['err']);
    expect(app.hasExited).toBe(true);
    expect(app.kill()).toBe(false);
  });

  it('keeps the newest 200 lines', async () => {
    const app = await run(`for (let i = 1; i <= 300; i += 1) console.log('line ' + i)`);
    await app.exited;
    expect(app.lines).toHaveLength(200);
    expect(app.lines[0]).toBe('line 101');
    expect(app.lines[199]).toBe('line 300');
  });

  it('fails with the output when the process ends before the line', async () => {
    const app = await run(`console.log('no configuration'); process.exitCode = 3`, { name: 'the api' });
    const waiting = app.waitForLine(/ready/);
    await expect(waiting).rejects.toThrow(
      /the api never printed .*\/ready\/.*exit code 3.*\nno configuration/s,
    );
    await expect(waiting).rejects.toBeInstanceOf(LineNotSeenError);
    await expect(app.waitForLine(/ready/)).rejects.toThrow(/ended before/);
  });

  it('fails when the line does not come in time', async () => {
    const app = await run(STAY);
    await expect(app.waitForLine(/ready/, { timeoutMs: 5 })).rejects.toThrow(
      /within 5 ms; it printed nothing/,
    );
  });

  it('reports the signal that ended it', async () => {
    const app = await run(STAY);
    expect(app.kill('SIGKILL')).toBe(true);
    await expect(app.exited).resolves.toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('adds to the environment, and takes away from it', async () => {
    const app = await run(`console.log(process.env.COLOUR, process.env.HOME)`, {
      env: { COLOUR: 'green', HOME: undefined },
    });
    await app.waitForLine(/^green undefined$/);
  });

  it('rejects when the program does not exist', async () => {
    await expect(spawnProcess({ command: '/no/such/program' })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('kills the children that a process leaves behind', async () => {
    const app = await run(`
      const child = require('node:child_process').spawn(process.execPath, ['-e', '${STAY}'], { stdio: 'ignore' });
      console.log('child ' + child.pid); ${STAY}`);
    const child = Number((await app.waitForLine(/child (\d+)/))[1]);
    expect(processExists(child)).toBe(true);
    app.kill('SIGKILL');
    await app.exited;
    await waitUntil(() => !processExists(child), { what: 'the child to be gone' });
  });
});
