import fc from 'fast-check';
import { Slots } from './slots.js';

describe('Slots', () => {
  it('gives each slot to one task at a time', () => {
    const slots = new Slots(2);
    expect(slots.tryTake()).toBe(true);
    expect(slots.tryTake()).toBe(true);
    expect(slots.tryTake()).toBe(false);
    slots.release();
    expect(slots.tryTake()).toBe(true);
  });

  it('keeps reserved slots from tasks that come without a poll', () => {
    const slots = new Slots(3);
    slots.reserve(2);
    expect(slots.tryTake()).toBe(true);
    expect(slots.tryTake()).toBe(false);
    slots.settle(2, 1);
    expect(slots.inUse).toBe(2);
    expect(slots.free).toBe(1);
  });

  it('calls back when slots become free, and resolves when all are unused', async () => {
    const slots = new Slots(1);
    const freed = jest.fn();
    slots.onFreed(freed);
    slots.tryTake();
    const unused = slots.whenUnused();
    slots.release();
    await unused;
    expect(freed).toHaveBeenCalledTimes(1);
    await slots.whenUnused();
  });

  it('never counts below zero or above its size, whatever happens', () => {
    const step = fc.oneof(
      fc.constant({ kind: 'take' as const }),
      fc.constant({ kind: 'release' as const }),
      fc.record({ kind: fc.constant('poll' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step), (size, steps) => {
        const slots = new Slots(size);
        for (const next of steps) {
          if (next.kind === 'take') slots.tryTake();
          else if (next.kind === 'release') {
            if (slots.inUse > 0) slots.release();
          } else {
            const reserved = slots.free;
            slots.reserve(reserved);
            expect(slots.tryTake()).toBe(false);
            slots.settle(reserved, Math.floor(reserved * next.share));
          }
          expect(slots.free).toBeGreaterThanOrEqual(0);
          expect(slots.inUse + slots.free).toBe(size);
        }
      }),
    );
  });
});
