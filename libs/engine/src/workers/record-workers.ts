import { DEFAULTS } from '@tidewheel/core';
import { forgetWorkers as forgetWorkersScript, recordWorkers as recordWorkersScript } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import { registrationMismatches } from './registrations.js';
import { registryKeys } from './registry-keys.js';
import type { WorkerHeartbeat } from './worker-heartbeat.js';
import { checkHeartbeat, writeLoad, writeRecord } from './worker-record.js';

/** Workers noted by one call of the script. */
const BATCH = 200;
/** The registry of a namespace outlives its last heartbeat by this much at most. */
const KEEP_MS = 15 * 60_000;
const MAX_VALID_MS = 10 * 60_000;
/** What the script replies of a worker with which a registration came that others do not share. */
const DIFFERS = 2;

/** How workers are noted. */
export interface RecordWorkersOptions {
  /** How long each counts as there; default three heartbeats of ours. */
  readonly validMs?: number | undefined;
  /** False when somebody else speaks for them, who only sees them poll: then what they say themselves stands. Default true. */
  readonly speakForThemselves?: boolean | undefined;
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
  const {
    validMs = DEFAULTS.workerHeartbeatMs * DEFAULTS.workerHeartbeatsMissed,
    speakForThemselves = true,
  } = options;
  for (const heartbeat of heartbeats) checkHeartbeat(heartbeat);
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
  for (let from = 0; from < rows.length; from += BATCH) {
    const workers = rows.slice(from, from + BATCH).flat();
    const replies = await recordWorkersScript(context.run, { ...keys, keepMs: KEEP_MS, workers });
    for (const [i, reply] of replies.entries()) {
      const heartbeat = latest[from + i];
      if (reply === DIFFERS && heartbeat) differing.add(heartbeat.taskQueue);
    }
  }
  for (const taskQueue of differing) await warnOfMismatches(context, namespace, taskQueue);
}

/** Forgets workers that have ended. */
export async function forgetWorkers(
  context: EngineContext,
  namespace: string,
  workerInstanceKeys: readonly string[],
): Promise<void> {
  const keys = registryKeys(context.keys.workers(namespace));
  await forgetWorkersScript(context.run, { ...keys, workers: workerInstanceKeys });
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
