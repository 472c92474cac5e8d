import { Poll } from './poll.js';
import { PollClock } from './poll-clock.js';

describe('PollClock', () => {
  let over: Poll[];
  let clock: PollClock;
  const pollUntil = (untilMs: number): Poll => new Poll({ identity: 'w', workerInstanceKey: '' }, untilMs);

  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000_000 });
    over = [];
    clock = new PollClock(
      (poll) => over.push(poll),
      () => false,
    );
  });

  afterEach(() => {
    clock.stop();
    jest.useRealTimers();
  });

  it('ends polls when their time is over, and others not', () => {
    const soon = pollUntil(1_001_000);
    const later = pollUntil(1_060_000);
    clock.add(later);
    clock.add(soon);
    jest.advanceTimersByTime(750);
    expect(over).toEqual([]);
    jest.advanceTimersByTime(500);
    expect(over).toEqual([soon]);
    jest.advanceTimersByTime(60_000);
    expect(over).toEqual([soon, later]);
  });

  it('ends a poll whose time was over when it came', () => {
    const late = pollUntil(900_000);
    clock.add(late);
    jest.advanceTimersByTime(500);
    expect(over).toEqual([late]);
  });

  it('forgets polls that have ended', () => {
    const poll = pollUntil(1_001_000);
    clock.add(poll);
    clock.remove(poll);
    jest.advanceTimersByTime(5_000);
    expect(over).toEqual([]);
  });

  it('makes up for a time in which nothing could run', () => {
    const polls = [1_000_100, 1_001_100, 1_002_100].map(pollUntil);
    for (const poll of polls) clock.add(poll);
    jest.setSystemTime(1_010_000);
    jest.advanceTimersByTime(250);
    expect(over).toEqual(polls);
  });
});
