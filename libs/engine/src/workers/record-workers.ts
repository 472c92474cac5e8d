import { DEFAULTS } from '@tidewheel/core';
import { forgetWorkers as forgetWorkersScript, recordWorkers as recordWorkersScript } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import { registrationMismatches } from './registrations.js';
import { registryKeys } from './registry-keys.js';
import { SLOT_KINDS } from './worker-heartbeat.js';
import type { WorkerHeartbeat } from './worker-heartbeat.js';
import { checkHeartbeat, fitsRecord, writeLoad, writeRecord } from './worker-record.js';

/** Workers noted by one call of the script. */
const BATCH = 200;
/** The registry of a namespace outlives its last heartbeat by this much at most. */
const KEEP_MS = 15 * 60_000;
const MAX_VALID_MS = 10 * 60_000;
/** What the script replies of a worker that speaks for itself, or has gone. */
const REFUSED = 0;
/** What the script replies of a worker with which a registration came that others do not share. */
const DIFFERS = 2;

/** How workers are noted. */
export interface RecordWorkersOptions {
  /** How long each counts as there; default three heartbeats of ours. */
  readonly validMs?: number | undefined;
}

/**
 * Notes that workers are there and what they do, until they say so again, end or expire. One call for all workers of a
 * process. When a worker brings a registration that others of its queue and version do not share, that is logged once.
 *
 * @throws InvalidArgumentError naming the field, before anything is noted; NamespaceNotFoundError
 */
export async function recordWorkers(
  context: EngineContext,
  namespace: string,
  heartbeats: readonly WorkerHeartbeat[],
  options: RecordWorkersOptions = {},
): Promise<void> {
  const { validMs = DEFAULTS.workerHeartbeatMs * DEFAULTS.workerHeartbeatsMissed } = options;
  for (const heartbeat of heartbeats) checkHeartbeat(heartbeat);
  await record(context, namespace, heartbeats, { validMs, speakForThemselves: true });
}

/**
 * Notes workers that do not speak for themselves, as a server sees them that they poll; what they say themselves stands.
 * Several servers may see the same worker: it has all kinds that any of them names, and began when the first saw it. What
 * cannot be noted of a worker is left out: all of one with unsound names, the types of one that has very many.
 *
 * @returns keys of those that were not noted, because they speak for themselves or have gone
 * @throws NamespaceNotFoundError
 */
export async function recordSeenWorkers(
  context: EngineContext,
  namespace: string,
  seen: readonly WorkerHeartbeat[],
): Promise<ReadonlySet<string>> {
  const heartbeats = seen
    .filter(isSound)
    .map((heartbeat) => (fitsRecord(heartbeat) ? heartbeat : withoutTypes(heartbeat)));
  const options = { validMs: DEFAULTS.remoteWorkerKeptMs, speakForThemselves: false };
  return record(context, namespace, heartbeats, options);
}

function isSound(heartbeat: WorkerHeartbeat): boolean {
  try {
    checkHeartbeat(heartbeat);
    return true;
  } catch {
    return false;
  }
}

function withoutTypes(heartbeat: WorkerHeartbeat): WorkerHeartbeat {
  const kinds = SLOT_KINDS.filter((kind) => heartbeat.kinds[kind]);
  return { ...heartbeat, kinds: Object.fromEntries(kinds.map((kind) => [kind, {}])) };
}

async function record(
  context: EngineContext,
  namespace: string,
  heartbeats: readonly WorkerHeartbeat[],
  options: { readonly validMs: number; readonly speakForThemselves: boolean },
): Promise<ReadonlySet<string>> {
  const { validMs, speakForThemselves } = options;
  const latest = [...new Map(heartbeats.map((one) => [one.workerInstanceKey, one])).values()];
  const rows = latest.map((heartbeat) => [
    heartbeat.workerInstanceKey,
    heartbeat.taskQueue,
    String(Math.min(validMs, MAX_VALID_MS)),
    writeLoad(heartbeat, speakForThemselves),
    writeRecord(heartbeat),
  ]);
  await context.namespaces.require(namespace);
  const keys = registryKeys(context.keys.workers(namespace));
  const differing = new Set<string>();
  const refused = new Set<string>();
  for (let from = 0; from < rows.length; from += BATCH) {
    const workers = rows.slice(from, from + BATCH).flat();
    const replies = await recordWorkersScript(context.run, { ...keys, keepMs: KEEP_MS, workers });
    for (const [i, reply] of replies.entries()) {
      const heartbeat = latest[from + i];
      if (reply === DIFFERS && heartbeat) differing.add(heartbeat.taskQueue);
      if (reply === REFUSED && heartbeat) refused.add(heartbeat.workerInstanceKey);
    }
  }
  for (const taskQueue of differing) await warnOfMismatches(context, namespace, taskQueue);
  return refused;
}

/** Forgets workers that have ended. */
export async function forgetWorkers(
  context: EngineContext,
  namespace: string,
  workerInstanceKeys: readonly string[],
): Promise<void> {
  await forget(context, namespace, workerInstanceKeys, 0);
}

/** Forgets workers that polled through servers and have ended, and does not believe servers that saw them poll before. */
export async function forgetSeenWorkers(
  context: EngineContext,
  namespace: string,
  workerInstanceKeys: readonly string[],
): Promise<void> {
  await forget(context, namespace, workerInstanceKeys, DEFAULTS.remoteWorkerKeptMs);
}

async function forget(
  context: EngineContext,
  namespace: string,
  workers: readonly string[],
  goneMs: number,
): Promise<void> {
  const keys = registryKeys(context.keys.workers(namespace));
  await forgetWorkersScript(context.run, { ...keys, goneMs, keepMs: KEEP_MS, workers });
}

/** Says which types which workers lack. Rolling out new code does this for a while, which is no fault. */
async function warnOfMismatches(context: EngineContext, namespace: string, taskQueue: string): Promise<void> {
  const mismatches = await registrationMismatches(context, namespace, taskQueue);
  for (const kind of ['workflow', 'activity'] as const) {
    if (mismatches[kind].length === 0) continue;
    context.logger.warn(
      { namespace, taskQueue, kind, mismatches: mismatches[kind] },
      'workers of a task queue have registered different types: tasks go to any of them, and one that lacks the type ' +
        'cannot do it; normal for a while when new code is rolled out',
    );
  }
}
