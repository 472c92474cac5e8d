import { Keyspace } from '@tidewheel/store';
import type { Redis, ScriptRunner } from '@tidewheel/store';
import { Placement } from './placement.js';

const LEASE_MS = 10_000;

describe('a placement', () => {
  let now = 0;

  beforeEach(() => {
    now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  it('decides by one reading, although another one comes meanwhile', async () => {
    const readings = [
      ['1@0 4@500', 1_000],
      ['1@0 4@500 8@60000', 50_000],
    ];
    const run = (() => {
      const [sizes = '', readMs] = readings.shift() ?? [];
      return Promise.resolve([Buffer.from(String(sizes)), readMs]);
    }) as ScriptRunner;
    let answer: (count: number) => void = () => undefined;
    const exists = (): Promise<number> => new Promise((resolve) => (answer = resolve));
    const placement = await Placement.open({ exists } as unknown as Redis, run, new Keyspace(4), LEASE_MS);

    now = LEASE_MS / 2;
    // An id that is elsewhere in four partitions, so that its former home is asked.
    const home = placement.home('default', 'order-17', false);
    await new Promise(setImmediate);
    expect(placement.sizes).toHaveLength(3);
    answer(0);
    expect(await home).toMatchObject({ fromMs: 500, untilMs: 1_000 + LEASE_MS, former: false });
  });
});
