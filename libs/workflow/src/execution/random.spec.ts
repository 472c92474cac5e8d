import fc from 'fast-check';
import { RandomGenerator } from './random.js';

test('the same seed gives the same numbers, another one others', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const draw = (seed: string) => {
        const generator = RandomGenerator.fromText(seed);
        return [generator.fraction(), generator.uuid4(), generator.uint32()];
      };
      expect(draw(a)).toEqual(draw(a));
      if (a !== b) expect(draw(a)).not.toEqual(draw(b));
    }),
  );
});

test('a copy goes on alike and leaves the original where it is', () => {
  const generator = RandomGenerator.fromText('seed');
  const copy = generator.copy();
  const ahead = [copy.fraction(), copy.fraction()];
  expect([generator.fraction(), generator.fraction()]).toEqual(ahead);
});

test('fractions fill the range evenly', () => {
  const generator = RandomGenerator.fromText('even');
  const buckets = new Array<number>(10).fill(0);
  for (let draw = 0; draw < 100_000; draw++) {
    buckets[Math.floor(generator.fraction() * 10)]! += 1;
  }
  expect(buckets).toHaveLength(10);
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('UUIDs are of version 4, and do not repeat', () => {
  const generator = RandomGenerator.fromText('uuids');
  const uuids = Array.from({ length: 1_000 }, () => generator.uuid4());
  for (const uuid of uuids)
    expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(new Set(uuids).size).toBe(1_000);
});
