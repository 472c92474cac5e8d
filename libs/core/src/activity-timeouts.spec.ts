import * as fc from 'fast-check';
import { completeActivityTimeouts } from './activity-timeouts.js';

const timeout = fc.option(fc.nat(100), { nil: undefined });
const timeouts = fc.record({
  scheduleToCloseTimeoutMs: timeout,
  scheduleToStartTimeoutMs: timeout,
  startToCloseTimeoutMs: timeout,
  heartbeatTimeoutMs: timeout,
});

describe('completeActivityTimeouts', () => {
  it('wants start-to-close or schedule-to-close; zero counts as not given', () => {
    expect(completeActivityTimeouts({}, 0)).toBeUndefined();
    expect(
      completeActivityTimeouts({ startToCloseTimeoutMs: 0, scheduleToCloseTimeoutMs: 0 }, 50),
    ).toBeUndefined();
    expect(
      completeActivityTimeouts({ scheduleToStartTimeoutMs: 5, heartbeatTimeoutMs: 5 }, 50),
    ).toBeUndefined();
  });

  it('fills in what is left out from the run and from schedule-to-close', () => {
    expect(completeActivityTimeouts({ startToCloseTimeoutMs: 5 }, 0)).toEqual({
      scheduleToCloseTimeoutMs: 0,
      scheduleToStartTimeoutMs: 0,
      startToCloseTimeoutMs: 5,
      heartbeatTimeoutMs: 0,
    });
    expect(completeActivityTimeouts({ startToCloseTimeoutMs: 5 }, 50)).toEqual({
      scheduleToCloseTimeoutMs: 50,
      scheduleToStartTimeoutMs: 50,
      startToCloseTimeoutMs: 5,
      heartbeatTimeoutMs: 0,
    });
    expect(completeActivityTimeouts({ scheduleToCloseTimeoutMs: 9 }, 0)).toEqual({
      scheduleToCloseTimeoutMs: 9,
      scheduleToStartTimeoutMs: 9,
      startToCloseTimeoutMs: 9,
      heartbeatTimeoutMs: 0,
    });
  });

  it('caps by the run, by schedule-to-close, and the heartbeat by start-to-close', () => {
    expect(
      completeActivityTimeouts(
        {
          scheduleToCloseTimeoutMs: 100,
          scheduleToStartTimeoutMs: 100,
          startToCloseTimeoutMs: 100,
          heartbeatTimeoutMs: 100,
        },
        40,
      ),
    ).toEqual({
      scheduleToCloseTimeoutMs: 40,
      scheduleToStartTimeoutMs: 40,
      startToCloseTimeoutMs: 40,
      heartbeatTimeoutMs: 40,
    });
  });

  it('gives clocks of which none outlasts the one that holds it, and that none lengthens', () => {
    fc.assert(
      fc.property(timeouts, fc.nat(100), (given, runTimeoutMs) => {
        const complete = completeActivityTimeouts(given, runTimeoutMs);
        if (!complete) {
          expect(given.startToCloseTimeoutMs || given.scheduleToCloseTimeoutMs || 0).toBe(0);
          return;
        }
        const close = complete.scheduleToCloseTimeoutMs || Infinity;
        expect(close).toBeLessThanOrEqual(runTimeoutMs || Infinity);
        expect(complete.startToCloseTimeoutMs).toBeGreaterThan(0);
        expect(complete.startToCloseTimeoutMs).toBeLessThanOrEqual(close);
        expect(complete.scheduleToStartTimeoutMs || (close === Infinity ? 0 : NaN)).toBeLessThanOrEqual(
          close,
        );
        expect(complete.heartbeatTimeoutMs).toBeLessThanOrEqual(complete.startToCloseTimeoutMs);
        for (const name of Object.keys(given) as (keyof typeof given)[]) {
          if (given[name]) expect(complete[name]).toBeLessThanOrEqual(given[name]);
        }
        // Complete clocks are complete: nothing changes when they are completed again.
        expect(completeActivityTimeouts(complete, runTimeoutMs)).toEqual(complete);
      }),
    );
  });
});
