import { UnavailableError } from '@tidewheel/core';
import type { EngineHealth } from '@tidewheel/engine';
import { createLogger } from '@tidewheel/telemetry';
import { EngineGate } from './engine-gate.js';
import { RecordingService } from './recording-service.fixture.js';

const RED = { name: 'redis', ok: false, sinceMs: 5, message: 'Redis did not answer within 2 s' };
const GREEN = { name: 'redis', ok: true, sinceMs: 9 };

let health: EngineHealth;
let gate: EngineGate;
const { service, workers } = new RecordingService();
const engine = Object.assign(service, { health: () => Promise.resolve(health) });
const never = (): Promise<never> => new Promise(() => undefined);
const ask = (): Promise<string> => gate.call(() => Promise.resolve('answer'));

beforeEach(() => {
  jest.useFakeTimers();
  health = { checks: [GREEN] };
  gate = new EngineGate(createLogger({ service: 'test', level: 'silent' }));
});
afterEach(() => {
  gate.stop();
  jest.useRealTimers();
});

describe('EngineGate', () => {
  it('refuses requests and is not ready while it is opening', async () => {
    await expect(ask()).rejects.toThrow(UnavailableError);
    expect(gate.health()).toMatchObject([{ name: 'redis', ok: false }]);
  });

  it('lets requests through when it is open', async () => {
    await gate.open(engine, workers);
    await expect(ask()).resolves.toBe('answer');
    await expect(gate.call(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(gate.health()).toEqual([GREEN]);
  });

  it('tells requests under way, and those that come later, that Redis is away, and goes on when it is back', async () => {
    await gate.open(engine, workers);
    const waiting = expect(gate.call(never, 20_000)).rejects.toThrow(
      /Redis does not answer \(Redis did not answer/,
    );
    health = { checks: [RED] };
    await jest.advanceTimersByTimeAsync(2_100);
    await waiting;
    await expect(ask()).rejects.toThrow('check that it runs');
    expect(gate.health()).toEqual([RED]);
    health = { checks: [GREEN] };
    await jest.advanceTimersByTimeAsync(2_100);
    await expect(ask()).resolves.toBe('answer');
  });

  it('waits as long as a request asked to, and some more, but not for ever', async () => {
    await gate.open(engine, workers);
    let settled = false;
    const answer = gate.call(never, 20_000).finally(() => (settled = true));
    const refused = expect(answer).rejects.toThrow('did not answer within 35 s');
    await jest.advanceTimersByTimeAsync(34_900);
    expect(settled).toBe(false);
    await jest.advanceTimersByTimeAsync(200);
    await refused;
  });

  it('lets requests through when only something else than Redis is wrong', async () => {
    await gate.open(engine, workers);
    health = { checks: [GREEN, { name: 'notices', ok: false, sinceMs: 1 }] };
    await jest.advanceTimersByTimeAsync(2_100);
    expect(gate.health()).toHaveLength(2);
    await expect(ask()).resolves.toBe('answer');
  });
});
