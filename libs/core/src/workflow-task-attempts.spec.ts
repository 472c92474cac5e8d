import { workflowTaskBackoffMs } from './workflow-task-attempts.js';

it('lets three attempts follow at once, then doubles from 5 s up to ten minutes', () => {
  const attempts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 100, 10_000];
  expect(attempts.map(workflowTaskBackoffMs)).toEqual([
    ...[0, 0, 0, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000],
    ...[600_000, 600_000, 600_000, 600_000],
  ]);
});
