import { PollSize, Slots } from './index.js';

describe('PollSize', () => {
  it('grows while reads bring much, shrinks while they bring nothing, and keeps to its limits', () => {
    const size = new PollSize({ minimum: 1, initial: 5, maximum: 16 });
    const seen = [size.current];
    const after = (taken: number, leftSome: boolean) => {
      size.note(taken, leftSome);
      seen.push(size.current);
    };
    after(5, true);
    after(3, true);
    after(16, true);
    after(7, false);
    after(0, true);
    for (let i = 0; i < 6; i++) after(0, false);
    expect(seen).toEqual([5, 10, 16, 16, 16, 16, 8, 4, 2, 1, 1, 1]);
  });

  it('stays where it is when it is fixed', () => {
    const size = new PollSize({ minimum: 3, initial: 3, maximum: 3 });
    size.note(3, true);
    expect(size.current).toBe(3);
    size.note(0, false);
    expect(size.current).toBe(3);
  });

  it('bounds what a read may bring, but leaves no stream out', () => {
    const slots = new Slots(100, new PollSize({ minimum: 3, initial: 3, maximum: 3 }));
    expect(slots.readable(1)).toBe(3);
    expect(slots.readable(8)).toBe(8);
    expect(new Slots(100).readable(1)).toBe(50);
    for (let i = 0; i < 98; i++) slots.tryTake();
    expect(slots.readable(8)).toBe(2);
  });
});
