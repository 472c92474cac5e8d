/** What decides how many workers a task queue wants of one kind of task. */
export interface WorkerDemand {
  /** Tasks that wait. */
  readonly backlog: number;
  /** Tasks that are being run. */
  readonly inFlight: number;
  /** Tasks that one worker can run at once; 1 or more. */
  readonly slotsPerWorker: number;
  /** Tasks that one worker is to have, waiting ones included; more than 0. */
  readonly targetTasksPerWorker: number;
  readonly minWorkers: number;
  /** Never more than these, whatever there is to do. */
  readonly maxWorkers: number;
}

/**
 * How many workers a task queue wants: as many as give each its target of tasks, and never fewer than have the slots
 * for what is being run, so that scaling in stops no task for want of room elsewhere.
 */
export function desiredWorkers(demand: WorkerDemand): number {
  const { backlog, inFlight, slotsPerWorker, targetTasksPerWorker, minWorkers, maxWorkers } = demand;
  const forTarget = Math.ceil((backlog + inFlight) / targetTasksPerWorker);
  const forTasksInFlight = Math.ceil(inFlight / slotsPerWorker);
  return Math.min(maxWorkers, Math.max(minWorkers, forTarget, forTasksInFlight));
}
