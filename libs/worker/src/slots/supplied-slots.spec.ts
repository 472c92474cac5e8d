import { PollSize } from '@tidewheel/polling';
import fc from 'fast-check';
import type { CustomSlotSupplier, SlotPermit } from './slot-supplier.js';
import { SuppliedSlots } from './supplied-slots.js';

const context = { slotType: 'activity', taskQueue: 'q', workerIdentity: 'w' } as const;
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

/** Gives a number of slots, and knows what became of each. */
class Supplier implements CustomSlotSupplier<string> {
  readonly type = 'custom';
  readonly out = new Map<SlotPermit, string | undefined>();
  readonly log: string[] = [];
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly size: number) {}

  async reserveSlot(_: unknown, signal: AbortSignal): Promise<SlotPermit> {
    for (;;) {
      const permit = this.tryReserveSlot();
      if (permit) return permit;
      await new Promise<void>((resolve, reject) => {
        this.waiting.push(resolve);
        signal.addEventListener('abort', () => reject(new Error('not wanted any more')));
      });
    }
  }

  tryReserveSlot(): SlotPermit | null {
    if (this.out.size === this.size) return null;
    const permit = {};
    this.out.set(permit, undefined);
    return permit;
  }

  markSlotUsed({ permit, slotInfo }: { permit: SlotPermit; slotInfo: string }): void {
    if (!this.out.has(permit) || this.out.get(permit) !== undefined) throw new Error('not to be used');
    this.out.set(permit, slotInfo);
    this.log.push(`used for ${slotInfo}`);
  }

  releaseSlot({ permit, slotInfo }: { permit: SlotPermit; slotInfo?: string }): void {
    if (this.out.get(permit) !== slotInfo || !this.out.delete(permit)) throw new Error('not to be released');
    this.log.push(slotInfo === undefined ? 'released unused' : `released after ${slotInfo}`);
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function slotsOf(supplier: CustomSlotSupplier<string>, ahead: number) {
  const slots = new SuppliedSlots(
    supplier,
    context,
    new PollSize({ minimum: ahead, initial: ahead, maximum: ahead }),
    silent,
  );
  slots.open();
  return slots;
}

describe('SuppliedSlots', () => {
  it('asks for as many slots as a read may bring, and for one for each stream at least', async () => {
    const supplier = new Supplier(100);
    const slots = slotsOf(supplier, 3);
    await settled();
    expect(slots.readable(1)).toBe(3);
    slots.readable(5);
    slots.reserve(3);
    slots.settle(3, 0);
    await settled();
    expect(slots.readable(5)).toBe(5);
    expect(supplier.out.size).toBe(5);
  });

  it('says what a slot is used for, and gives it back when the task is over', async () => {
    const supplier = new Supplier(2);
    const slots = slotsOf(supplier, 2);
    await settled();
    slots.reserve(2);
    slots.settle(2, 2);
    const held = slots.use('ship');
    slots.release();
    expect(supplier.log).toEqual(['used for ship', 'released unused']);
    expect(slots.inUse).toBe(1);
    const unused = slots.whenUnused();
    held.release();
    await unused;
    expect(supplier.log).toEqual(['used for ship', 'released unused', 'released after ship']);
  });

  it('calls back when there is room, and gives what is idle back when the worker polls no more', async () => {
    const supplier = new Supplier(1);
    const slots = slotsOf(supplier, 2);
    const freed = jest.fn();
    slots.onFreed(freed);
    await settled();
    expect(freed).toHaveBeenCalledTimes(1);
    expect(slots.tryTake()).toBe(true);
    expect(slots.tryTake()).toBe(false);
    slots.use('ship').release();
    await settled();
    expect(freed).toHaveBeenCalledTimes(2);
    slots.close();
    await settled();
    expect(supplier.out.size).toBe(0);
    expect(slots.size).toBe(0);
  });

  it('asks each time with a signal of its own, and calls off the question that is open when it closes', async () => {
    const signals: AbortSignal[] = [];
    const supplier = new Supplier(2);
    const reserveSlot = supplier.reserveSlot.bind(supplier);
    supplier.reserveSlot = (at, signal) => {
      signals.push(signal);
      return reserveSlot(at, signal);
    };
    const slots = slotsOf(supplier, 3);
    await settled();
    expect(new Set(signals).size).toBe(3);
    slots.close();
    await settled();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, true]);
    expect(supplier.out.size).toBe(0);
  });

  it('asks a supplier that failed again, and says so', async () => {
    jest.useFakeTimers();
    try {
      let calls = 0;
      const supplier = new Supplier(1);
      const failing: CustomSlotSupplier<string> = {
        type: 'custom',
        reserveSlot: (at, signal) => {
          if (++calls === 1) throw new Error('no database');
          return supplier.reserveSlot(at, signal);
        },
        tryReserveSlot: () => null,
        markSlotUsed: (at) => supplier.markSlotUsed(at),
        releaseSlot: (at) => supplier.releaseSlot(at),
      };
      const slots = slotsOf(failing, 1);
      await jest.advanceTimersByTimeAsync(999);
      expect(slots.readable(1)).toBe(0);
      await jest.advanceTimersByTimeAsync(1);
      expect(slots.readable(1)).toBe(1);
    } finally {
      jest.useRealTimers();
    }
  });

  it('gives each slot back once, whatever happens', async () => {
    const step = fc.oneof(
      fc.constant({ kind: 'take' as const }),
      fc.constant({ kind: 'return' as const }),
      fc.constant({ kind: 'finish' as const }),
      fc.record({ kind: fc.constant('poll' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(step),
        async (size, ahead, steps) => {
          const supplier = new Supplier(size);
          const slots = slotsOf(supplier, ahead);
          let taken = 0;
          const held: { release(): void }[] = [];
          for (const next of steps) {
            await settled();
            if (next.kind === 'take') taken += slots.tryTake() ? 1 : 0;
            else if (next.kind === 'return' && taken > 0) {
              slots.release();
              taken--;
            } else if (next.kind === 'finish') {
              if (taken > 0) {
                held.push(slots.use('task'));
                taken--;
              } else held.pop()?.release();
            } else if (next.kind === 'poll') {
              const reserved = slots.readable(1);
              slots.reserve(reserved);
              const came = Math.floor(reserved * next.share);
              slots.settle(reserved, came);
              taken += came;
            }
            expect(slots.inUse).toBe(taken + held.length);
            expect(supplier.out.size).toBeLessThanOrEqual(size);
          }
          slots.close();
          while (taken-- > 0) slots.release();
          for (const one of held) one.release();
          await slots.whenUnused();
          await settled();
          expect(supplier.out.size).toBe(0);
        },
      ),
    );
  });
});
