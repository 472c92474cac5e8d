import { PacedRoom } from './paced-room.js';
import { Slots } from './slots.js';

describe('room that fills at a rate', () => {
  let nowMicros: number;
  let slots: Slots;
  let room: PacedRoom;

  beforeEach(() => {
    jest.useFakeTimers();
    nowMicros = 0;
    slots = new Slots(100);
    room = new PacedRoom(slots, { perSecond: 10, burst: 4 }, () => nowMicros);
  });
  afterEach(() => {
    room.stop();
    jest.useRealTimers();
  });

  const pass = (ms: number): void => {
    nowMicros += ms * 1_000;
    jest.advanceTimersByTime(ms);
  };

  it('begins with one, and grows to the burst', () => {
    expect(room.readable(1)).toBe(1);
    pass(100);
    expect(room.readable(1)).toBe(2);
    pass(60_000);
    expect(room.readable(1)).toBe(4);
  });

  it('is never more than there are slots', () => {
    pass(60_000);
    for (let i = 0; i < 98; i++) slots.tryTake();
    expect(room.readable(2)).toBe(2);
    slots.tryTake();
    slots.tryTake();
    expect(room.readable(2)).toBe(0);
  });

  it('takes back what a read did not bring, and charges for what it brought', () => {
    pass(60_000);
    room.reserve(4);
    expect(room.readable(1)).toBe(0);
    room.settle(4, 1);
    expect(room.readable(1)).toBe(3);
    expect(slots.inUse).toBe(1);
  });

  it('has permits for tasks that come without a read', () => {
    expect(room.tryTake()).toBe(true);
    expect(room.tryTake()).toBe(false);
    room.giveBack(1);
    expect(room.tryTake()).toBe(true);
  });

  it('tells when there is a permit again', () => {
    const freed = jest.fn();
    room.onFreed(freed);
    expect(room.tryTake()).toBe(true);
    expect(room.readable(1)).toBe(0);
    pass(99);
    expect(freed).not.toHaveBeenCalled();
    pass(1);
    expect(freed).toHaveBeenCalledTimes(1);
    expect(room.readable(1)).toBe(1);
  });
});
