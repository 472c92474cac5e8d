import fc from 'fast-check';
import { readQuota } from './read-quota.js';

describe('readQuota', () => {
  it('never asks for more than there are free slots, and for something whenever there is one', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 500 }), fc.integer({ min: 0, max: 300 }), (free, streams) => {
        const quota = readQuota(free, streams);
        expect(quota.streams * quota.perStream).toBeLessThanOrEqual(Math.max(0, free));
        expect(quota.streams).toBeLessThanOrEqual(streams);
        expect(quota.streams > 0 && quota.perStream > 0).toBe(free > 0 && streams > 0);
      }),
    );
  });
});
