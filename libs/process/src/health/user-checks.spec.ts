import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HealthModuleError, loadUserChecks } from './health-definitions.js';
import { UserChecks } from './user-checks.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewheel-health-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function writeModule(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('the health checks of a module', () => {
  it('are functions, or objects with times of their own', async () => {
    const path = writeModule(
      'sound.cjs',
      `exports.healthChecks = {
        database: () => undefined,
        'external-api': { check: async () => undefined, interval: '1m', timeout: 500 },
      };`,
    );
    const silent = writeModule('none.cjs', 'exports.greet = () => "hello";');
    expect(await loadUserChecks([path, silent])).toEqual([
      { name: 'database', check: expect.any(Function), intervalMs: 10_000, timeoutMs: 2_000 },
      { name: 'external-api', check: expect.any(Function), intervalMs: 60_000, timeoutMs: 500 },
    ]);
  });

  it('are refused with a line for each fault', async () => {
    const path = writeModule(
      'faulty.cjs',
      `exports.healthChecks = {
        redis: () => undefined,
        database: { check: 'yes', interval: 'often', retries: 3 },
        cache: null,
      };`,
    );
    const none = writeModule('missing.cjs', '');
    const refused = await loadUserChecks([path], [none]).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(HealthModuleError);
    expect((refused as HealthModuleError).message.split('\n')).toEqual([
      expect.stringMatching(
        /faulty.cjs: healthChecks.redis: allowed as a name are .* but not redis, scripts/,
      ),
      expect.stringMatching(
        /healthChecks.database: allowed is a function, or an object with a function "check"/,
      ),
      expect.stringMatching(
        /healthChecks.database.retries: is not known; allowed are check, interval, timeout/,
      ),
      expect.stringMatching(
        /healthChecks.database.interval: got "often"; allowed is a duration .* from 0.1s/,
      ),
      expect.stringMatching(/healthChecks.cache: allowed is a function/),
      expect.stringMatching(/missing.cjs: exports no object "healthChecks"/),
    ]);
  });
});

describe('UserChecks', () => {
  const definition = { name: 'database', intervalMs: 10_000, timeoutMs: 2_000 };

  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('tells what was found last without looking again, and looks again by itself', async () => {
    let looks = 0;
    const check = (): void => {
      looks += 1;
      if (looks === 2) throw new Error('connection\nrefused');
    };
    const checks = new UserChecks([{ ...definition, check }]);
    await jest.advanceTimersByTimeAsync(0);
    expect(checks.findings()).toEqual([{ name: 'database', reason: undefined }]);
    expect(checks.findings()).toEqual([{ name: 'database', reason: undefined }]);
    expect(looks).toBe(1);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(checks.findings()).toEqual([{ name: 'database', reason: 'connection refused' }]);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(checks.findings()).toEqual([{ name: 'database', reason: undefined }]);
    checks.close();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(looks).toBe(3);
  });

  it('fails a check that takes too long, tells it to end, and does not begin it a second time meanwhile', async () => {
    let looks = 0;
    let told: AbortSignal | undefined;
    let end: () => void = () => undefined;
    const check = ({ signal }: { signal: AbortSignal }): Promise<void> => {
      looks += 1;
      told = signal;
      return new Promise((resolve) => (end = resolve));
    };
    const checks = new UserChecks([{ ...definition, check }]);
    expect(checks.findings()).toEqual([{ name: 'database', reason: 'has not been looked at yet' }]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(checks.findings()).toEqual([{ name: 'database', reason: 'took longer than 2000 ms' }]);
    expect(told?.aborted).toBe(true);
    expect(looks).toBe(1);
    end();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(looks).toBe(2);
    end();
    await jest.advanceTimersByTimeAsync(0);
    expect(checks.findings()).toEqual([{ name: 'database', reason: undefined }]);
    checks.close();
  });
});
