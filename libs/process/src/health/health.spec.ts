import { Health } from './health.js';
import type { Finding } from './health.js';

let reason: string | undefined;
let changes: unknown[];
let health: Health;
const look = (): Finding[] => [{ name: 'database', reason }];

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
  reason = 'refused';
  changes = [];
  health = new Health(look, (change) => changes.push(change));
});
afterEach(() => {
  health.close();
  jest.useRealTimers();
});

describe('Health', () => {
  it('is starting until all checks have passed once, then ready or not ready', () => {
    expect(health.readiness().status).toBe('starting');
    reason = undefined;
    expect(health.readiness().status).toBe('ready');
    reason = 'refused';
    expect(health.readiness().status).toBe('not ready');
  });

  it('tells since when a check fails, however often it is asked, and what is wrong with it now', () => {
    health.readiness();
    jest.setSystemTime(1_005_000);
    reason = 'still refused';
    expect(health.readiness().checks[0]).toEqual({
      name: 'database',
      status: 'failing',
      since: new Date(1_000_000).toISOString(),
      reason: 'still refused',
    });
    reason = undefined;
    expect(health.readiness().checks[0]).toEqual({
      name: 'database',
      status: 'passing',
      since: new Date(1_005_000).toISOString(),
    });
  });

  it('tells each change once', () => {
    health.readiness();
    health.readiness();
    reason = undefined;
    health.readiness();
    health.readiness();
    expect(changes).toEqual([expect.objectContaining({ name: 'database', status: 'passing' })]);
  });

  it('is draining from when the process winds up, even when everything else works', () => {
    reason = undefined;
    health.readiness();
    jest.setSystemTime(1_002_000);
    health.beginDraining();
    jest.setSystemTime(1_009_000);
    expect(health.readiness()).toMatchObject({
      status: 'draining',
      checks: [
        { name: 'database', status: 'passing' },
        { name: 'running', status: 'failing', since: new Date(1_002_000).toISOString() },
      ],
    });
  });

  it('tells when the event loop last came back from standing still', () => {
    expect(health.liveness().checks[0]?.since).toBe(new Date(1_000_000).toISOString());
    jest.advanceTimersByTime(5_000);
    expect(health.liveness().checks[0]?.since).toBe(new Date(1_000_000).toISOString());
    // No timer runs while the loop is blocked.
    jest.setSystemTime(1_020_000);
    expect(health.liveness().checks[0]?.since).toBe(new Date(1_020_000).toISOString());
  });
});
