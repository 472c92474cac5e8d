import fc from 'fast-check';
import { Poll } from './poll.js';
import { WaitingPolls } from './waiting-polls.js';

const newPoll = (workerInstanceKey = ''): Poll => new Poll({ identity: 'w', workerInstanceKey }, 1_000);

describe('WaitingPolls', () => {
  it('lets as many tasks be read as polls wait, less what is being read', () => {
    const polls = new WaitingPolls();
    expect(polls.readable()).toBe(0);
    const first = newPoll();
    polls.add(first);
    polls.add(newPoll());
    expect(polls.readable()).toBe(2);
    polls.reserve(2);
    expect(polls.readable()).toBe(0);
    polls.add(newPoll());
    expect(polls.readable()).toBe(1);
    polls.remove(first);
    expect(polls.readable()).toBe(0);
    polls.settle(2);
    expect(polls.readable()).toBe(2);
  });

  it('gives tasks to the poll that has waited longest', () => {
    const polls = new WaitingPolls();
    const [first, second] = [newPoll(), newPoll()];
    polls.add(first);
    polls.add(second);
    expect(polls.take()).toBe(first);
    expect(polls.remove(first)).toBe(false);
    expect(polls.take()).toBe(second);
    expect(polls.take()).toBeUndefined();
  });

  it('tells of every poll that comes', () => {
    const polls = new WaitingPolls();
    const freed = jest.fn();
    polls.onFreed(freed);
    polls.add(newPoll());
    polls.add(newPoll());
    expect(freed).toHaveBeenCalledTimes(2);
  });

  it('ends those that fit, with nothing', async () => {
    const polls = new WaitingPolls();
    const [mine, theirs] = [newPoll('mine'), newPoll('theirs')];
    polls.add(mine);
    polls.add(theirs);
    polls.end(({ poller }) => poller.workerInstanceKey === 'mine');
    expect(await mine.result).toBeUndefined();
    expect(theirs.ended).toBe(false);
    expect(polls.size).toBe(1);
  });

  it('never gives a poll twice nor loses one, whatever happens', () => {
    const step = fc.constantFrom('add', 'remove', 'take', 'read');
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const polls = new WaitingPolls();
        const model: Poll[] = [];
        for (const next of steps) {
          if (next === 'add') {
            const poll = newPoll();
            model.push(poll);
            polls.add(poll);
          } else if (next === 'remove') {
            const poll = model.splice(model.length >> 1, 1)[0];
            if (poll) expect(polls.remove(poll)).toBe(true);
          } else if (next === 'take') {
            expect(polls.take()).toBe(model.shift());
          } else {
            const reserved = polls.readable();
            polls.reserve(reserved);
            expect(polls.readable()).toBe(0);
            polls.settle(reserved);
          }
          expect(polls.size).toBe(model.length);
          expect(polls.readable()).toBe(model.length);
        }
      }),
    );
  });
});
