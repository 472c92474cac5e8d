import fc from 'fast-check';
import { burstOf, newBucket, returnPermits, takePermits } from './permit-bucket.js';
import type { DispatchRate, PermitBucket } from './permit-bucket.js';

const SECOND = 1_000_000;

const rates = fc.record({
  perSecond: fc.oneof(
    fc.double({ min: 0.001, max: 100_000, noNaN: true }),
    fc.constantFrom(0.1, 1, 2, 10, 200),
  ),
  burst: fc.option(fc.double({ min: 1, max: 1_000, noNaN: true }), { nil: undefined }),
});

/** An ask of some permits after some time, of which some are given back. */
const asks = fc.array(
  fc.record({
    afterMicros: fc.integer({ min: 0, max: 3 * SECOND }),
    want: fc.integer({ min: 1, max: 500 }),
    returned: fc.integer({ min: 0, max: 500 }),
  }),
  { maxLength: 200 },
);

describe('a bucket of permits', () => {
  it('never lets more pass in any time than the burst and what came in that time', () => {
    fc.assert(
      fc.property(rates, asks, (rate, steps) => {
        let bucket = newBucket(0);
        let now = 0;
        const grants: { readonly at: number; readonly used: number }[] = [];
        for (const { afterMicros, want, returned } of steps) {
          now += afterMicros;
          const grant = takePermits(bucket, rate, want, now);
          const back = Math.min(returned, grant.granted);
          bucket = back > 0 ? returnPermits(grant.bucket, rate, back, now) : grant.bucket;
          grants.push({ at: now, used: grant.granted - back });
        }
        for (const [i, first] of grants.entries()) {
          let used = 0;
          for (const { at, used: more } of grants.slice(i)) {
            used += more;
            const most = burstOf(rate) + (rate.perSecond * (at - first.at)) / SECOND;
            expect(used).toBeLessThanOrEqual(most + 1e-6 * Math.max(1, most));
          }
        }
      }),
    );
  });

  it('loses nothing while somebody who waits comes at each turn, however many wait', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 5_000, noNaN: true }),
        fc.integer({ min: 1, max: 40 }),
        (perSecond, pollers) => {
          const rate = { perSecond };
          const want = 1_000_000;
          let bucket: PermitBucket = newBucket(0);
          let granted = 0;
          const turns = Array.from({ length: pollers }, () => 0);
          const endMicros = 10 * SECOND + (20 / perSecond) * SECOND;
          for (;;) {
            const now = Math.min(...turns);
            const next = turns.indexOf(now);
            if (now > endMicros) break;
            const grant = takePermits(bucket, rate, want, now);
            bucket = grant.bucket;
            granted += grant.granted;
            turns[next] = now + grant.waitMicros;
          }
          const ideal = 1 + (perSecond * endMicros) / SECOND;
          // One that is due, and what comes between two turns.
          expect(granted).toBeGreaterThanOrEqual(ideal - 2 - perSecond * 0.02);
          expect(granted).toBeLessThanOrEqual(ideal + 1e-3);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('brings those who wait one after the other, not all at once', () => {
    const rate = { perSecond: 10 };
    let bucket = takePermits(newBucket(0), rate, 1, 0).bucket;
    const waits: number[] = [];
    for (let poller = 0; poller < 50; poller++) {
      const grant = takePermits(bucket, rate, 1, 0);
      bucket = grant.bucket;
      waits.push(grant.waitMicros);
    }
    expect(waits[0]).toBe(100_000);
    expect(new Set(waits).size).toBe(50);
    expect(Math.max(...waits)).toBeLessThanOrEqual(100_000 + 2 * SECOND);
  });

  it('holds a quarter second of permits after a quiet time, and the whole burst when that was set', () => {
    const later = 100 * SECOND;
    expect(takePermits(newBucket(0), { perSecond: 200 }, 1_000, later).granted).toBe(50);
    expect(takePermits(newBucket(0), { perSecond: 200, burst: 300 }, 1_000, later).granted).toBe(300);
    expect(takePermits(newBucket(0), { perSecond: 0.1 }, 1_000, later).granted).toBe(1);
  });

  it('makes up for those who come late, up to a second', () => {
    const rate = { perSecond: 200 };
    const waiting = takePermits(newBucket(0), rate, 1_000, 0).bucket;
    expect(takePermits(waiting, rate, 1_000, 0.9 * SECOND).granted).toBe(180);
    expect(takePermits(waiting, rate, 1_000, 5 * SECOND).granted).toBe(200);
  });

  it('grants nothing at a rate of zero', () => {
    const grant = takePermits(newBucket(0), { perSecond: 0 }, 5, 1_000 * SECOND);
    expect(grant).toMatchObject({ granted: 0, waitMicros: 86_400 * SECOND });
  });

  it('does not take fright at a clock that was put back', () => {
    const rate: DispatchRate = { perSecond: 10 };
    const bucket = takePermits(newBucket(100 * SECOND), rate, 5, 100 * SECOND).bucket;
    const grant = takePermits(bucket, rate, 5, 10 * SECOND);
    expect(grant.granted).toBe(0);
    expect(grant.waitMicros).toBeLessThanOrEqual(0.1 * SECOND + 2 * SECOND);
    expect(takePermits(grant.bucket, rate, 5, 10 * SECOND + grant.waitMicros).granted).toBeGreaterThan(0);
  });
});
