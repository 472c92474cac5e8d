import { DEFAULTS } from '@tidewheel/core';
import { recordSeenWorkers } from '@tidewheel/engine';
import type { EngineContext, WorkerHeartbeat, WorkerTransport } from '@tidewheel/engine';
import { createHash } from 'node:crypto';
import type { PollerIdentity } from './poll.js';
import type { PolledQueue } from './polled-queue.js';

/** Workers that a process keeps note of at most; others are not shown. */
const MOST_WORKERS = 10_000;
/** A worker that is not seen for this many rounds is no longer kept note of. */
const ROUNDS_UNSEEN = 2;
const KEY_CHARACTERS = 32;
/** Workers noted in one turn, so that thousands do not hold up the tasks of others. */
const MOST_A_TURN = 500;

/** What a worker tells of itself when it polls, or told when it registered. Texts are '' when it does not say. */
export interface WorkerFacts {
  readonly transport: WorkerTransport;
  readonly hostName: string;
  readonly processId: string;
  readonly sdkName: string;
  readonly sdkVersion: string;
  /** Undefined: when it is first seen. */
  readonly startTimeMs?: number | undefined;
  /** Types that it has registered, for each kind of task that it takes; undefined when it does not say. */
  readonly types?: Readonly<Partial<Record<'workflow' | 'activity', readonly string[]>>> | undefined;
}

interface SeenWorker {
  readonly queue: PolledQueue;
  readonly identity: string;
  readonly workerInstanceKey: string;
  readonly facts: WorkerFacts;
  readonly kinds: Set<'workflow' | 'activity'>;
  readonly startTimeMs: number;
  seenMs: number;
  notedMs: number;
  /** It tells the registry of itself, or has gone: nobody else has to. */
  refused: boolean;
}

/**
 * Which workers poll through this process, noted in the registry for those that do not tell it of themselves: a new one,
 * or a new kind of its tasks, with the next turn, and all of them every half minute. A poll only changes what is in
 * memory; workers whose polls wait at the time of a note have been seen then.
 */
export class WorkerNotes {
  private readonly workers = new Map<string, SeenWorker>();
  private readonly due = new Set<SeenWorker>();
  private nextRoundMs = 0;

  constructor(
    private readonly context: EngineContext,
    private readonly mostWorkers = MOST_WORKERS,
  ) {}

  /** Whether somebody is to be noted with the next turns. */
  get pending(): boolean {
    return this.due.size > 0;
  }

  /** Somebody polls. Whoever does not say who it is, or for which task queue it polls a sticky one, is left out. */
  polled(queue: PolledQueue, poller: PollerIdentity, nowMs: number): void {
    if (!poller.facts) return;
    const worker = this.workers.get(keyOf(queue, poller)) ?? this.enter(queue, poller, poller.facts, nowMs);
    if (!worker) return;
    worker.seenMs = nowMs;
    const kind = queue.kind === 'activity' ? 'activity' : 'workflow';
    if (worker.kinds.has(kind)) return;
    worker.kinds.add(kind);
    this.due.add(worker);
  }

  /** A worker has gone: nothing is noted of it any more. */
  forget(namespace: string, taskQueue: string, workerInstanceKey: string): void {
    for (const [key, worker] of this.workers) {
      const { queue } = worker;
      if (worker.workerInstanceKey !== workerInstanceKey || queue.namespace !== namespace) continue;
      if (queue.normalName !== taskQueue) continue;
      this.workers.delete(key);
      this.due.delete(worker);
    }
  }

  /** Notes who is new, and every half minute whoever has been seen since. `waiting` are the polls that wait now. */
  turn(nowMs: number, waiting: () => Iterable<readonly [PolledQueue, PollerIdentity]>): void {
    if (nowMs >= this.nextRoundMs) {
      this.nextRoundMs = nowMs + DEFAULTS.remoteWorkerNotedMs;
      for (const [queue, poller] of waiting()) this.polled(queue, poller, nowMs);
      for (const [key, worker] of this.workers) {
        if (nowMs - worker.seenMs > ROUNDS_UNSEEN * DEFAULTS.remoteWorkerNotedMs) this.workers.delete(key);
        else if (worker.seenMs > worker.notedMs && isOld(worker, nowMs)) this.due.add(worker);
      }
    }
    const byNamespace = new Map<string, SeenWorker[]>();
    for (const worker of [...this.due].slice(0, MOST_A_TURN)) {
      this.due.delete(worker);
      if (worker.refused) continue;
      const { namespace } = worker.queue;
      const others = byNamespace.get(namespace);
      if (others) others.push(worker);
      else byNamespace.set(namespace, [worker]);
    }
    for (const [namespace, workers] of byNamespace) void this.note(namespace, workers, nowMs);
  }

  private enter(
    queue: PolledQueue,
    poller: PollerIdentity,
    facts: () => WorkerFacts,
    nowMs: number,
  ): SeenWorker | undefined {
    const { identity, workerInstanceKey } = poller;
    const isKnown = queue.normalName !== '' && (workerInstanceKey !== '' || identity !== '');
    if (!isKnown || this.workers.size >= this.mostWorkers) return undefined;
    const known = facts();
    const key = keyOf(queue, poller);
    const worker: SeenWorker = {
      queue,
      identity,
      // The same in every process that the worker polls.
      workerInstanceKey: workerInstanceKey || digestOf(key),
      facts: known,
      kinds: new Set(),
      startTimeMs: known.startTimeMs ?? nowMs,
      seenMs: nowMs,
      notedMs: 0,
      refused: false,
    };
    this.workers.set(key, worker);
    return worker;
  }

  private async note(namespace: string, workers: readonly SeenWorker[], nowMs: number): Promise<void> {
    const heartbeats = workers.map((worker) => heartbeatOf(worker, nowMs));
    for (const worker of workers) worker.notedMs = nowMs;
    try {
      const refused = await recordSeenWorkers(this.context, namespace, heartbeats);
      for (const worker of workers) worker.refused = refused.has(worker.workerInstanceKey);
    } catch {
      // For information only: what cannot be noted now is noted later.
    }
  }
}

/** At most one note a worker in half a minute. */
function isOld({ notedMs }: SeenWorker, nowMs: number): boolean {
  return nowMs - notedMs >= DEFAULTS.remoteWorkerNotedMs;
}

function keyOf(queue: PolledQueue, { identity, workerInstanceKey }: PollerIdentity): string {
  const { namespace, normalName, version } = queue;
  const build = version ? `${version.deploymentName}\n${version.buildId}` : '';
  return `${namespace}\n${normalName}\n${workerInstanceKey || `${identity}\n${build}`}`;
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, KEY_CHARACTERS);
}

function heartbeatOf(worker: SeenWorker, nowMs: number): WorkerHeartbeat {
  const { queue, facts, startTimeMs, seenMs, notedMs } = worker;
  const { transport, sdkName, sdkVersion, hostName, processId, types } = facts;
  const kinds = new Set([...worker.kinds, ...(Object.keys(types ?? {}) as ('workflow' | 'activity')[])]);
  return {
    workerInstanceKey: worker.workerInstanceKey,
    workerIdentity: worker.identity,
    taskQueue: queue.normalName,
    transport,
    hostInfo: { hostName, processId },
    sdkName,
    sdkVersion,
    deploymentVersion: queue.version,
    status: 'RUNNING',
    startTimeMs,
    heartbeatTimeMs: seenMs,
    elapsedSinceLastHeartbeatMs: notedMs === 0 ? 0 : nowMs - notedMs,
    kinds: Object.fromEntries([...kinds].map((kind) => [kind, { types: types?.[kind] }])),
  };
}
