import { createHash } from 'node:crypto';
import { identifierFault, InvalidArgumentError, LIMITS } from '@tidewheel/core';
import type { TaskKind } from '@tidewheel/store';
import type { WorkerHeartbeat, WorkerKind } from './worker-heartbeat.js';

const TASK_KINDS: readonly TaskKind[] = ['workflow', 'activity'];

/** Registration of a worker that does not say what it has registered. */
const UNKNOWN_TYPES = '-';
const DIGEST_CHARACTERS = 16;

/** How the load of a worker begins that servers speak for, and the line that tells since when it has been there. */
const SEEN_BY_SERVERS = '0';
const SINCE = 'since';

/** What all workers of a task queue of one version and registration have in hand of one kind of task. */
export interface LoadTotal {
  readonly kind: TaskKind;
  readonly deploymentName: string;
  readonly buildId: string;
  /** The same for workers that have registered the same types; undefined when they do not say. */
  readonly registration: string | undefined;
  readonly workers: number;
  readonly usedSlots: number;
  /** Of those whose number of slots is known. */
  readonly slots: number;
  readonly workersWithSlots: number;
}

/** A heartbeat as it is stored. @throws InvalidArgumentError when it is too large */
export function writeRecord(heartbeat: WorkerHeartbeat): string {
  const record = JSON.stringify(heartbeat);
  const bytes = Buffer.byteLength(record);
  if (bytes > LIMITS.workerRecordBytes) {
    throw new InvalidArgumentError(
      'workerHeartbeat',
      `must have at most ${LIMITS.workerRecordBytes} bytes, has ${bytes}`,
    );
  }
  return record;
}

/** Whether {@link writeRecord} would write it. */
export function fitsRecord(heartbeat: WorkerHeartbeat): boolean {
  return Buffer.byteLength(JSON.stringify(heartbeat)) <= LIMITS.workerRecordBytes;
}

/**
 * What {@link writeRecord} wrote. Of a worker that servers speak for, the load that {@link writeLoad} wrote tells what any
 * of them has seen: its kinds, and since when it has been there.
 */
export function readRecord(record: string, load: string): WorkerHeartbeat {
  const heartbeat = JSON.parse(record) as WorkerHeartbeat;
  if (!load.startsWith(SEEN_BY_SERVERS)) return heartbeat;
  const lines = load.split('\n').map((line) => line.split('\t'));
  const kinds = TASK_KINDS.filter((kind) => lines.some(([name]) => name === kind));
  const since = lines.find(([name]) => name === SINCE)?.[1];
  return {
    ...heartbeat,
    startTimeMs: since === undefined ? heartbeat.startTimeMs : Number(since),
    kinds: Object.fromEntries(kinds.map((kind) => [kind, heartbeat.kinds[kind] ?? {}])),
  };
}

/** A worker's load as the scripts take it; see `include/workers.lua`. */
export function writeLoad(heartbeat: WorkerHeartbeat, speaksForItself: boolean): string {
  const { deploymentName = '', buildId = '' } = heartbeat.deploymentVersion ?? {};
  const lines = TASK_KINDS.flatMap((kind) => {
    const info = heartbeat.kinds[kind];
    if (!info) return [];
    const { used = 0, available } = info.slots ?? {};
    const size = available === undefined ? [0, 0] : [used + available, 1];
    return [[kind, deploymentName, buildId, registrationOf(info), used, ...size].join('\t')];
  });
  if (speaksForItself) return [`1\t${heartbeat.taskQueue}`, ...lines, ''].join('\n');
  const since = [SINCE, heartbeat.startTimeMs].join('\t');
  return [`${SEEN_BY_SERVERS}\t${heartbeat.taskQueue}`, ...lines, since, ''].join('\n');
}

/** The sums of a task queue as the scripts reply them. */
export function readTotals(text: string): LoadTotal[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [kind, deploymentName = '', buildId = '', digest, workers, used, size, sized] = line.split('\t');
      return {
        kind: kind as TaskKind,
        deploymentName,
        buildId,
        registration: digest === UNKNOWN_TYPES ? undefined : digest,
        workers: Number(workers),
        usedSlots: Number(used),
        slots: Number(size),
        workersWithSlots: Number(sized),
      };
    });
}

function registrationOf({ types }: WorkerKind): string {
  if (!types) return UNKNOWN_TYPES;
  const hash = createHash('sha256');
  for (const type of [...types].sort()) hash.update(`${type}\n`);
  return hash.digest('hex').slice(0, DIGEST_CHARACTERS);
}

/** Counters that a record holds are small whole numbers; anything else is refused. */
const COUNTS = [
  'available',
  'used',
  'processed',
  'failed',
  'lastIntervalProcessed',
  'lastIntervalFailed',
] as const;

/** @throws InvalidArgumentError naming the field */
export function checkHeartbeat(heartbeat: WorkerHeartbeat): void {
  const refuse = (field: string, fault: string | undefined): void => {
    if (fault) throw new InvalidArgumentError(`workerHeartbeat.${field}`, fault);
  };
  refuse('workerInstanceKey', identifierFault(heartbeat.workerInstanceKey));
  refuse('taskQueue', identifierFault(heartbeat.taskQueue));
  refuse('workerIdentity', optionalFault(heartbeat.workerIdentity));
  const { deploymentName = '', buildId = '' } = heartbeat.deploymentVersion ?? {};
  refuse('deploymentVersion.deploymentName', optionalFault(deploymentName));
  refuse('deploymentVersion.buildId', optionalFault(buildId));
  for (const kind of TASK_KINDS) {
    const { slots, types } = heartbeat.kinds[kind] ?? {};
    for (const count of COUNTS) {
      const value = slots?.[count];
      if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) {
        refuse(`kinds.${kind}.slots.${count}`, 'must be a whole number, 0 or more');
      }
    }
    for (const type of types ?? []) refuse(`kinds.${kind}.types`, identifierFault(type));
  }
}

function optionalFault(text: string): string | undefined {
  return text === '' ? undefined : identifierFault(text);
}
