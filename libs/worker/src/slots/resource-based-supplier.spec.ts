import { ResourceBasedSupplier } from './resource-based-supplier.js';

const context = { slotType: 'activity', taskQueue: 'q', workerIdentity: 'w' } as const;

function supplier() {
  const clock = { ms: 1_000 };
  const usage = { cpu: 0, memory: 0 };
  const given = new ResourceBasedSupplier(
    { targetCpuUsage: 0.9, targetMemoryUsage: 0.8, minimumSlots: 2, maximumSlots: 5, rampThrottleMs: 50 },
    { read: () => usage },
    () => clock.ms,
  );
  const take = () => given.tryReserveSlot() !== null;
  return { clock, usage, given, take };
}

describe('ResourceBasedSupplier', () => {
  it('gives the minimum at once, and then one after the other up to the maximum', () => {
    const { clock, take } = supplier();
    expect([take(), take(), take()]).toEqual([true, true, false]);
    clock.ms += 49;
    expect(take()).toBe(false);
    clock.ms += 1;
    expect([take(), take()]).toEqual([true, false]);
    clock.ms += 50;
    expect(take()).toBe(true);
    clock.ms += 50;
    expect(take()).toBe(true);
    clock.ms += 1_000;
    expect(take()).toBe(false);
  });

  it.each([
    { cpu: 0.9, memory: 0.1 },
    { cpu: 0.1, memory: 0.8 },
  ])('gives no more than the minimum while there is too little left: %j', (scarce) => {
    const { clock, usage, given, take } = supplier();
    Object.assign(usage, scarce);
    expect([take(), take(), take()]).toEqual([true, true, false]);
    clock.ms += 1_000;
    expect(take()).toBe(false);
    given.releaseSlot();
    expect([take(), take()]).toEqual([true, false]);
    Object.assign(usage, { cpu: 0.89, memory: 0.79 });
    clock.ms += 1_000;
    expect(take()).toBe(true);
  });

  it('waits until there are resources, or nobody wants a slot any more', async () => {
    const { clock, usage, given, take } = supplier();
    expect([take(), take()]).toEqual([true, true]);
    usage.memory = 0.95;
    clock.ms += 1_000;
    const abort = new AbortController();
    const unwanted = given.reserveSlot(context, abort.signal);
    abort.abort();
    await expect(unwanted).rejects.toThrow();
    const wanted = given.reserveSlot(context, new AbortController().signal);
    usage.memory = 0.5;
    await expect(wanted).resolves.toEqual({});
  });
});
