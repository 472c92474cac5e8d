import type { TaskKind } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import type { WorkerInfo } from './worker-heartbeat.js';
import { workersOfQueue } from './read-workers.js';

/** Workers named of those that lack a type; `lackingCount` counts all. */
const NAMED_WORKERS = 20;

/** A type that some workers of a task queue have registered and others of the same version have not. */
export interface RegistrationMismatch {
  readonly type: string;
  readonly registeredCount: number;
  readonly lackingCount: number;
  /** The first twenty. */
  readonly lacking: readonly { readonly workerInstanceKey: string; readonly workerIdentity: string }[];
}

/** Mismatches by kind of task. */
type RegistrationMismatches = Readonly<Record<TaskKind, readonly RegistrationMismatch[]>>;

/** Which types which workers of a task queue lack, by kind of task. */
export async function registrationMismatches(
  context: EngineContext,
  namespace: string,
  taskQueue: string,
): Promise<RegistrationMismatches> {
  const workers = await workersOfQueue(context, namespace, taskQueue);
  return { workflow: findMismatches(workers, 'workflow'), activity: findMismatches(workers, 'activity') };
}

/** The same of workers at hand. Workers of different versions may differ: their tasks are told apart. */
export function findMismatches(workers: readonly WorkerInfo[], kind: TaskKind): RegistrationMismatch[] {
  const versions = new Map<string, WorkerInfo[]>();
  for (const worker of workers) {
    if (!worker.kinds[kind]?.types) continue;
    const { deploymentName = '', buildId = '' } = worker.deploymentVersion ?? {};
    const version = `${deploymentName}\n${buildId}`;
    const others = versions.get(version);
    if (others) others.push(worker);
    else versions.set(version, [worker]);
  }
  return [...versions.values()].flatMap((same) => mismatchesOfVersion(same, kind));
}

function mismatchesOfVersion(workers: readonly WorkerInfo[], kind: TaskKind): RegistrationMismatch[] {
  const registered = workers.map((worker) => new Set(worker.kinds[kind]?.types ?? []));
  const types = new Set(registered.flatMap((own) => [...own]));
  return [...types].sort().flatMap((type) => {
    const lacking = workers.filter((_, i) => !registered[i]?.has(type));
    if (lacking.length === 0) return [];
    return {
      type,
      registeredCount: workers.length - lacking.length,
      lackingCount: lacking.length,
      lacking: lacking
        .slice(0, NAMED_WORKERS)
        .map(({ workerInstanceKey, workerIdentity }) => ({ workerInstanceKey, workerIdentity })),
    };
  });
}
