import { compareRounds } from './cluster-cost.js';
import { MEASURES } from './measurement.js';
import type { Measures } from './measurement.js';

/** Numbers that are all the same but for the commands. */
function measures(commands: number): Measures {
  const all = Object.fromEntries(MEASURES.map((name) => [name, 1])) as unknown as Measures;
  return { ...all, redisCommandsPerItem: commands };
}

it('compares with one server round by round, not median with median', () => {
  const rounds = [
    { one: measures(10), partitioned: measures(11), cluster: measures(20) },
    { one: measures(40), partitioned: measures(40), cluster: measures(60) },
    { one: measures(20), partitioned: measures(30), cluster: measures(20) },
  ];
  const rows = compareRounds(rounds).filter(({ measure }) => measure.startsWith('commands, '));
  expect(rows.map(({ measure, value, unit }) => [measure, value, unit])).toEqual([
    ['commands, one server', 20, 'median'],
    ['commands, one server', 10, 'least'],
    ['commands, one server', 40, 'most'],
    ['commands, 4 partitions', 30, 'median'],
    ['commands, 4 partitions', 1.1, 'times, median of rounds'],
    ['commands, 4 partitions', 1, 'times, least'],
    ['commands, 4 partitions', 1.5, 'times, most'],
    ['commands, cluster', 20, 'median'],
    ['commands, cluster', 1.5, 'times, median of rounds'],
    ['commands, cluster', 1, 'times, least'],
    ['commands, cluster', 2, 'times, most'],
  ]);
});
