import type { EngineContext } from '@tidewheel/engine';
import type { PolledQueue } from './polled-queue.js';
import type { PollerIdentity } from './poll.js';
import { WorkerNotes } from './worker-notes.js';

const START_MS = 1_000_000;
const ACTIVITIES: PolledQueue = {
  kind: 'activity',
  namespace: 'default',
  name: 'orders',
  normalName: 'orders',
};
const WORKFLOWS: PolledQueue = { ...ACTIVITIES, kind: 'workflow' };
const STICKY: PolledQueue = { ...ACTIVITIES, kind: 'sticky', name: 'sticky-1' };
/** Arguments of the script before those of the workers: number of keys, keys, how long these stay. */
const BEFORE_WORKERS = 5;
const FIELDS = 5;

interface Noted {
  readonly workerInstanceKey: string;
  readonly kinds: object;
  readonly startTimeMs: number;
  readonly heartbeatTimeMs: number;
}

function worker(identity: string, workerInstanceKey = ''): PollerIdentity {
  const facts = { transport: 'GRPC', hostName: '', processId: '', sdkName: 'sdk', sdkVersion: '1' } as const;
  return { identity, workerInstanceKey, facts: () => facts };
}

describe('WorkerNotes', () => {
  let rounds: Noted[][];
  let reply: number;
  let waiting: [PolledQueue, PollerIdentity][];
  let notes: WorkerNotes;

  function newNotes(mostWorkers?: number): WorkerNotes {
    const context = {
      namespaces: { require: () => Promise.resolve() },
      keys: { workers: () => ({ records: 'wh', expiries: 'we', index: 'wl' }) },
      run: (_script: unknown, args: readonly string[]) => {
        const records = args.slice(BEFORE_WORKERS).filter((_, i) => i % FIELDS === FIELDS - 1);
        rounds.push(records.map((record) => JSON.parse(record) as Noted));
        return Promise.resolve(records.map(() => reply));
      },
    };
    return new WorkerNotes(context as unknown as EngineContext, mostWorkers);
  }

  async function turn(afterMs: number): Promise<Noted[]> {
    rounds = [];
    notes.turn(START_MS + afterMs, () => waiting);
    await new Promise((resolve) => setImmediate(resolve));
    return rounds.flat();
  }

  beforeEach(() => {
    rounds = [];
    reply = 1;
    waiting = [];
    notes = newNotes();
  });

  it('note a new worker with the next turn, and nothing with its polls', async () => {
    for (let i = 0; i < 100; i++) notes.polled(ACTIVITIES, worker('1@host'), START_MS + i);
    await new Promise((resolve) => setImmediate(resolve));
    expect([rounds, notes.pending]).toEqual([[], true]);
    expect(await turn(1_000)).toMatchObject([
      { kinds: { activity: {} }, startTimeMs: START_MS, heartbeatTimeMs: START_MS + 99 },
    ]);
    expect(notes.pending).toBe(false);
  });

  it('note a worker once for all its queues of one name, and a kind that is new with the next turn', async () => {
    notes.polled(ACTIVITIES, worker('1@host'), START_MS);
    const [first] = await turn(1_000);
    notes.polled(STICKY, worker('1@host'), START_MS + 1_500);
    notes.polled(WORKFLOWS, worker('1@host'), START_MS + 1_600);
    expect(await turn(2_000)).toMatchObject([
      { workerInstanceKey: first!.workerInstanceKey, kinds: { activity: {}, workflow: {} } },
    ]);
  });

  it('note each at most once in half a minute, also of many that poll all the time', async () => {
    const counts = new Map<string, number[]>();
    for (let second = 0; second < 300; second++) {
      for (let i = 0; i < 20; i++) {
        // They come one after the other.
        if (second >= i) notes.polled(ACTIVITIES, worker(`${i}@host`), START_MS + second * 1_000);
      }
      for (const { workerInstanceKey } of await turn(second * 1_000)) {
        counts.set(workerInstanceKey, [...(counts.get(workerInstanceKey) ?? []), second]);
      }
    }
    expect(counts.size).toBe(20);
    for (const seconds of counts.values()) {
      const gaps = seconds.slice(1).map((second, i) => second - seconds[i]!);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(30);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(60);
    }
  });

  it('note who waits for long, and leave out who has not polled since', async () => {
    notes.polled(ACTIVITIES, worker('waits'), START_MS);
    notes.polled(ACTIVITIES, worker('gone'), START_MS);
    expect(await turn(0)).toHaveLength(2);
    waiting = [[ACTIVITIES, worker('waits')]];
    expect(await turn(30_000)).toMatchObject([
      { workerIdentity: 'waits', heartbeatTimeMs: START_MS + 30_000, startTimeMs: START_MS },
    ]);
    expect(await turn(60_000)).toMatchObject([{ workerIdentity: 'waits' }]);
  });

  it('note thousands over several turns, nobody twice', async () => {
    for (let i = 0; i < 1_200; i++) notes.polled(ACTIVITIES, worker(`${i}@host`), START_MS);
    const noted: Noted[][] = [];
    for (let second = 0; notes.pending; second++) noted.push(await turn(second * 1_000));
    expect(noted.map(({ length }) => length)).toEqual([500, 500, 200]);
    expect(new Set(noted.flat().map((one) => one.workerInstanceKey)).size).toBe(1_200);
  });

  it('leave alone who speaks for itself', async () => {
    reply = 0;
    notes.polled(ACTIVITIES, worker('1@host', 'instance'), START_MS);
    expect(await turn(0)).toMatchObject([{ workerInstanceKey: 'instance' }]);
    notes.polled(ACTIVITIES, worker('1@host', 'instance'), START_MS + 10_000);
    expect(await turn(30_000)).toEqual([]);
  });

  it('forget a worker that has gone, and no other', async () => {
    notes.polled(ACTIVITIES, worker('1@host', 'goes'), START_MS);
    notes.polled(ACTIVITIES, worker('1@host', 'stays'), START_MS);
    notes.polled({ ...ACTIVITIES, normalName: 'other' }, worker('1@host', 'goes'), START_MS);
    notes.forget('default', 'orders', 'goes');
    expect((await turn(0)).map((one) => one.workerInstanceKey).sort()).toEqual(['goes', 'stays']);
  });

  it('name a worker the same in every process, and others otherwise', async () => {
    const names = async (...polls: [PolledQueue, PollerIdentity][]): Promise<string[]> => {
      notes = newNotes();
      for (const [queue, poller] of polls) notes.polled(queue, poller, START_MS);
      return (await turn(0)).map(({ workerInstanceKey }) => workerInstanceKey);
    };
    const [first] = await names([ACTIVITIES, worker('1@host')]);
    expect(await names([STICKY, worker('1@host')])).toEqual([first]);
    const version = { deploymentName: 'shop', buildId: '2' };
    const others = await names(
      [ACTIVITIES, worker('2@host')],
      [{ ...ACTIVITIES, normalName: 'other' }, worker('1@host')],
      [{ ...ACTIVITIES, version }, worker('1@host')],
      [{ ...ACTIVITIES, namespace: 'another' }, worker('1@host')],
    );
    expect(new Set([first, ...others]).size).toBe(5);
  });

  it('leave out who does not say who it is, and all above a number', async () => {
    notes.polled(ACTIVITIES, worker(''), START_MS);
    notes.polled(ACTIVITIES, { identity: '1@host', workerInstanceKey: '' }, START_MS);
    notes.polled({ ...STICKY, normalName: '' }, worker('1@host'), START_MS);
    expect(await turn(0)).toEqual([]);
    notes = newNotes(3);
    for (let i = 0; i < 5; i++) notes.polled(ACTIVITIES, worker(`${i}@host`), START_MS);
    expect(await turn(0)).toHaveLength(3);
  });
});
