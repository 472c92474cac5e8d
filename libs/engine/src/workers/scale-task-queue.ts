import { DEFAULTS, InvalidArgumentError } from '@tidewheel/core';
import { desiredWorkers } from '@tidewheel/routing';
import type { TaskKind } from '@tidewheel/store';
import { listWorkerQueues, readWorkerTotals } from '@tidewheel/store';
import { readBacklog } from '../describe-task-queue.js';
import type { EngineContext } from '../engine-context.js';
import { requireIdentifier } from '../request-checks.js';
import { registryKeys } from './registry-keys.js';
import { readTotals } from './worker-record.js';
import type { LoadTotal } from './worker-record.js';

/** Workers that are wanted at most when nobody says. */
const MAX_WORKERS = 1_000_000;

/** How many workers are wanted for how much work. */
export interface ScalingTargets {
  /** Tasks that one worker is to have, waiting ones included. Default: as many as it has slots. */
  readonly targetTasksPerWorker?: number | undefined;
  /** Default 0. */
  readonly minWorkers?: number | undefined;
  /** Default 1,000,000. */
  readonly maxWorkers?: number | undefined;
}

/** Workers of one version, what waits for them, and what they have in hand. */
export interface VersionLoad {
  /** '' for workers that have no version. */
  readonly deploymentName: string;
  readonly buildId: string;
  /** Tasks that wait for them. */
  readonly backlog: number;
  readonly pollers: number;
  readonly inFlight: number;
  readonly slots: number;
}

/** How much there is to do of one kind of task, and who does it. */
export interface KindScaling {
  /** Tasks that wait and were not started. */
  readonly backlog: number;
  /** Age of the oldest of them; 0 when none waits. */
  readonly oldestMs: number;
  /** Tasks being run, as the workers last said. */
  readonly inFlight: number;
  /** Workers that take such tasks. */
  readonly pollers: number;
  /** Tasks that they can run at once, as far as they have a fixed number of slots. */
  readonly slots: number;
  /** Workers that are wanted. */
  readonly desired: number;
  /** The same by version, with most workers first; one without workers is there while tasks wait for it. */
  readonly versions: readonly VersionLoad[];
  /** Registrations that are not those of the other workers of a version; 0 when all agree. */
  readonly registrationMismatches: number;
}

/** How many workers a task queue wants. */
export interface TaskQueueScaling {
  readonly namespace: string;
  readonly taskQueue: string;
  /** For workers that do both kinds: the larger of the two. */
  readonly desired: number;
  readonly workflow: KindScaling;
  readonly activity: KindScaling;
}

/**
 * Says how much waits in a task queue, how much of it is being run, and how many workers that wants. Costs the same
 * however much waits, however many executions there are and however many workers.
 *
 * @throws InvalidArgumentError, NamespaceNotFoundError
 */
export async function scaleTaskQueue(
  context: EngineContext,
  namespace: string,
  taskQueue: string,
  targets: ScalingTargets = {},
): Promise<TaskQueueScaling> {
  requireIdentifier('taskQueue', taskQueue);
  checkTargets(targets);
  await context.namespaces.require(namespace);
  const keys = registryKeys(context.keys.workers(namespace));
  const [totals] = await readWorkerTotals(context.run, { ...keys, queues: [taskQueue] });
  return scalingOf(context, namespace, taskQueue, readTotals(totals?.toString() ?? ''), targets);
}

/** The same for the queues of a namespace that have workers, `most` of them at most, by name. */
export async function scaleTaskQueues(
  context: EngineContext,
  namespace: string,
  most: number,
): Promise<TaskQueueScaling[]> {
  const keys = registryKeys(context.keys.workers(namespace));
  const queues = await listWorkerQueues(context.run, { ...keys, most });
  return Promise.all(
    queues.map(([queue, totals]) =>
      scalingOf(context, namespace, queue.toString(), readTotals(totals.toString()), {}),
    ),
  );
}

async function scalingOf(
  context: EngineContext,
  namespace: string,
  taskQueue: string,
  totals: readonly LoadTotal[],
  targets: ScalingTargets,
): Promise<TaskQueueScaling> {
  const ofKind = async (kind: TaskKind): Promise<KindScaling> => {
    const backlog = await readBacklog(context, kind, namespace, taskQueue);
    return kindScaling(
      backlog,
      totals.filter((total) => total.kind === kind),
      targets,
    );
  };
  const [workflow, activity] = await Promise.all([ofKind('workflow'), ofKind('activity')]);
  return { namespace, taskQueue, desired: Math.max(workflow.desired, activity.desired), workflow, activity };
}

function kindScaling(
  { backlog, oldestMs, byVersion }: Awaited<ReturnType<typeof readBacklog>>,
  totals: readonly LoadTotal[],
  targets: ScalingTargets,
): KindScaling {
  const sum = (of: (total: LoadTotal) => number): number => totals.reduce((all, total) => all + of(total), 0);
  const inFlight = sum(({ usedSlots }) => usedSlots);
  const slots = sum((total) => total.slots);
  const sized = sum(({ workersWithSlots }) => workersWithSlots);
  const slotsPerWorker = Math.max(1, sized > 0 ? slots / sized : DEFAULTS.slotsPerWorker);
  const desired = desiredWorkers({
    backlog,
    inFlight,
    slotsPerWorker,
    targetTasksPerWorker: targets.targetTasksPerWorker ?? slotsPerWorker,
    minWorkers: targets.minWorkers ?? 0,
    maxWorkers: targets.maxWorkers ?? MAX_WORKERS,
  });
  return {
    backlog,
    oldestMs,
    inFlight,
    pollers: sum(({ workers }) => workers),
    slots,
    desired,
    versions: versionsOf(totals, byVersion),
    registrationMismatches: mismatchCount(totals),
  };
}

function versionKey({ deploymentName, buildId }: Pick<LoadTotal, 'deploymentName' | 'buildId'>): string {
  return `${deploymentName}\n${buildId}`;
}

function versionsOf(
  totals: readonly LoadTotal[],
  waiting: Awaited<ReturnType<typeof readBacklog>>['byVersion'],
): VersionLoad[] {
  const versions = new Map<string, VersionLoad>();
  for (const { version = { deploymentName: '', buildId: '' }, backlog } of waiting) {
    if (backlog === 0) continue;
    versions.set(versionKey(version), { ...version, backlog, pollers: 0, inFlight: 0, slots: 0 });
  }
  for (const total of totals) {
    const { deploymentName, buildId, workers, usedSlots, slots } = total;
    const known = versions.get(versionKey(total));
    versions.set(versionKey(total), {
      deploymentName,
      buildId,
      backlog: known?.backlog ?? 0,
      pollers: (known?.pollers ?? 0) + workers,
      inFlight: (known?.inFlight ?? 0) + usedSlots,
      slots: (known?.slots ?? 0) + slots,
    });
  }
  return [...versions.values()].sort((a, b) => b.pollers - a.pollers);
}

/** How many registrations there are beside the first of each version. */
function mismatchCount(totals: readonly LoadTotal[]): number {
  const registrations = totals.filter(({ registration }) => registration !== undefined);
  return registrations.length - new Set(registrations.map(versionKey)).size;
}

function checkTargets({
  targetTasksPerWorker,
  minWorkers = 0,
  maxWorkers = MAX_WORKERS,
}: ScalingTargets): void {
  if (
    targetTasksPerWorker !== undefined &&
    !(targetTasksPerWorker > 0 && Number.isFinite(targetTasksPerWorker))
  ) {
    throw new InvalidArgumentError('targetTasksPerWorker', 'must be a number above 0');
  }
  for (const [field, value] of Object.entries({ minWorkers, maxWorkers })) {
    if (!Number.isInteger(value) || value < 0 || value > MAX_WORKERS) {
      throw new InvalidArgumentError(field, `must be a whole number from 0 to ${MAX_WORKERS}`);
    }
  }
  if (minWorkers > maxWorkers) throw new InvalidArgumentError('minWorkers', 'must not be above maxWorkers');
}
