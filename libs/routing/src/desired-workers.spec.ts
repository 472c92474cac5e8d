import fc from 'fast-check';
import { desiredWorkers } from './desired-workers.js';
import type { WorkerDemand } from './desired-workers.js';

const IDLE: WorkerDemand = {
  backlog: 0,
  inFlight: 0,
  slotsPerWorker: 10,
  targetTasksPerWorker: 10,
  minWorkers: 0,
  maxWorkers: 1_000,
};

describe('desiredWorkers', () => {
  it.each<[Partial<WorkerDemand>, number]>([
    [{}, 0],
    [{ backlog: 1 }, 1],
    [{ backlog: 10 }, 1],
    [{ backlog: 11 }, 2],
    [{ backlog: 5, inFlight: 6 }, 2],
    [{ backlog: 1_000_000 }, 1_000],
    [{ minWorkers: 3 }, 3],
    [{ backlog: 95, targetTasksPerWorker: 100 }, 1],
    [{ backlog: 0, inFlight: 95, targetTasksPerWorker: 100 }, 10],
    [{ backlog: 4, targetTasksPerWorker: 0.5 }, 8],
    [{ inFlight: 100, maxWorkers: 2 }, 2],
  ])('of %j it wants %i', (demand, workers) => {
    expect(desiredWorkers({ ...IDLE, ...demand })).toBe(workers);
  });

  it('never leaves fewer slots than there are tasks in flight, nor fewer workers when there is more to do', () => {
    const count = fc.nat(100_000);
    fc.assert(
      fc.property(
        count,
        count,
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 500 }),
        (...given) => {
          const [backlog, inFlight, slotsPerWorker, targetTasksPerWorker] = given;
          const demand = {
            ...IDLE,
            backlog,
            inFlight,
            slotsPerWorker,
            targetTasksPerWorker,
            maxWorkers: Infinity,
          };
          const desired = desiredWorkers(demand);
          expect(desired * slotsPerWorker).toBeGreaterThanOrEqual(inFlight);
          expect(desired * targetTasksPerWorker).toBeGreaterThanOrEqual(backlog + inFlight);
          expect(desiredWorkers({ ...demand, backlog: backlog + 1 })).toBeGreaterThanOrEqual(desired);
        },
      ),
    );
  });
});
