import { createSeededRandom, seedFromEnv } from './seeded-random.js';

const take = <T>(count: number, produce: () => T): T[] => Array.from({ length: count }, produce);

describe('createSeededRandom', () => {
  it('gives the values of mulberry32', () => {
    const random = createSeededRandom(1);
    expect(take(3, () => Math.floor(random.next() * 2 ** 32))).toEqual([2693262067, 11749833, 2265367787]);
  });

  it('repeats itself for the same seed, and differs for another', () => {
    const values = (seed: number): number[] => {
      const random = createSeededRandom(seed);
      return take(20, () => random.int(0, 1_000_000));
    };
    expect(values(7)).toEqual(values(7));
    expect(values(7)).not.toEqual(values(8));
  });

  it('reaches both ends of a range of integers and nothing outside', () => {
    const random = createSeededRandom(42);
    expect([...new Set(take(500, () => random.int(-2, 2)))].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    expect(random.int(5, 5)).toBe(5);
  });

  it('picks each of the items', () => {
    const random = createSeededRandom(42);
    expect(new Set(take(100, () => random.pick(['a', 'b', 'c'])))).toEqual(new Set(['a', 'b', 'c']));
  });

  it('knows never, always and sometimes', () => {
    const random = createSeededRandom(42);
    expect(new Set(take(100, () => random.chance(0)))).toEqual(new Set([false]));
    expect(new Set(take(100, () => random.chance(1)))).toEqual(new Set([true]));
    expect(new Set(take(100, () => random.chance(0.5)))).toEqual(new Set([false, true]));
  });

  it.each([-1, 0.5, 2 ** 32, NaN])('refuses the seed %p', (seed) => {
    expect(() => createSeededRandom(seed)).toThrow(RangeError);
  });

  it('refuses an empty range and an empty list', () => {
    const random = createSeededRandom(0);
    expect(() => random.int(2, 1)).toThrow(RangeError);
    expect(() => random.int(0, 0.5)).toThrow(RangeError);
    expect(() => random.pick([])).toThrow(RangeError);
  });
});

describe('seedFromEnv', () => {
  const before = process.env['TIDEWHEEL_SEED'];
  let printed: string[];

  beforeEach(() => {
    printed = [];
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    if (before === undefined) delete process.env['TIDEWHEEL_SEED'];
    else process.env['TIDEWHEEL_SEED'] = before;
  });

  it('reads TIDEWHEEL_SEED and prints it', () => {
    process.env['TIDEWHEEL_SEED'] = '123';
    expect(seedFromEnv()).toBe(123);
    expect(printed).toEqual(['TIDEWHEEL_SEED=123\n']);
  });

  it('makes a seed when there is none, and prints that', () => {
    delete process.env['TIDEWHEEL_SEED'];
    const seed = seedFromEnv();
    expect(createSeededRandom(seed).seed).toBe(seed);
    expect(printed).toEqual([`TIDEWHEEL_SEED=${seed}\n`]);
  });

  it('refuses what is no seed', () => {
    process.env['TIDEWHEEL_SEED'] = 'monday';
    expect(() => seedFromEnv()).toThrow(/TIDEWHEEL_SEED.*monday/);
  });
});
