import { spawnProcess } from '@tidewheel/testing';
import type { ProcessExit, SpawnedProcess } from '@tidewheel/testing';
import { fileURLToPath } from 'node:url';

/** The real worker process, and what it runs; compiled, also under test. */
const WORKER_MAIN = fileURLToPath(new URL('../../../apps/worker/dist/main.js', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('../../dist/scaling/fleet-workflows.js', import.meta.url));
const ACTIVITIES = fileURLToPath(new URL('../../dist/scaling/fleet-activities.js', import.meta.url));

/** A safety net. */
const START_LIMIT_MS = 120_000;

/** The queue that the fleet serves. */
export const FLEET_QUEUE = 'fleet';

/** How each worker of a fleet is set up. */
interface FleetOptions {
  readonly redisUrl: string;
  /** Activities at once, in each. */
  readonly slots: number;
  readonly shutdownTimeoutMs: number;
  /** Called when an attempt of an activity begins in one of them. */
  readonly onRunning?: (worker: SpawnedProcess) => void;
}

/** Worker processes of one pool, as a Deployment has them: told how many there should be, it starts and ends them. */
export class WorkerFleet {
  /** How those ended that were told to. */
  readonly exits: Promise<ProcessExit>[] = [];
  private readonly staff: SpawnedProcess[] = [];
  private readonly leaving = new Set<SpawnedProcess>();
  /** Resolves when a worker has got so far that it winds up when it is told to end; or when it has ended. */
  private readonly listening = new Map<SpawnedProcess, Promise<unknown>>();
  private hired = 0;

  constructor(private readonly options: FleetOptions) {}

  /** Workers that were not told to end. */
  get size(): number {
    return this.staff.length;
  }

  /** Those that were told to and have not ended yet. */
  get leavingCount(): number {
    return this.leaving.size;
  }

  /** Starts workers, or ends the newest, as a ReplicaSet does. A worker that ended by itself is a fault. */
  async scaleTo(count: number): Promise<void> {
    const dead = this.staff.find(({ hasExited }) => hasExited);
    if (dead) throw new Error(`${dead.name} has ended by itself: ${dead.lines.slice(-5).join('\n')}`);
    while (this.staff.length < count) await this.hire();
    while (this.staff.length > count) this.dismiss(this.staff.length - 1);
  }

  /** Starts one worker. */
  async hire(): Promise<SpawnedProcess> {
    const { redisUrl, slots, shutdownTimeoutMs, onRunning } = this.options;
    let worker: SpawnedProcess | undefined = undefined;
    const started: SpawnedProcess = await spawnProcess({
      command: process.execPath,
      args: [WORKER_MAIN],
      name: `worker ${++this.hired} of the fleet`,
      env: {
        REDIS_URL: redisUrl,
        TIDEWHEEL_WORKER_TASK_QUEUES: FLEET_QUEUE,
        TIDEWHEEL_WORKER_WORKFLOWS: WORKFLOWS,
        TIDEWHEEL_WORKER_ACTIVITIES: ACTIVITIES,
        TIDEWHEEL_WORKER_MAX_CONCURRENT_ACTIVITIES: String(slots),
        TIDEWHEEL_WORKER_HEARTBEAT_INTERVAL: '1s',
        TIDEWHEEL_WORKER_PORT: '0',
        TIDEWHEEL_SHUTDOWN_TIMEOUT: `${shutdownTimeoutMs}ms`,
      },
      onLine: (line) => {
        if (line.startsWith('running ') && worker) onRunning?.(worker);
      },
    });
    worker = started;
    this.staff.push(started);
    const seen = started.waitForLine(/"msg":"listening"/, { timeoutMs: START_LIMIT_MS });
    this.listening.set(
      started,
      seen.catch(() => undefined),
    );
    return started;
  }

  /** Sends SIGTERM to one of them. */
  dismiss(index: number): void {
    const [worker] = this.staff.splice(index, 1);
    if (!worker) return;
    this.leaving.add(worker);
    this.exits.push(worker.exited);
    void worker.exited.then(() => this.leaving.delete(worker));
    // One that has not got so far yet has nothing to wind up, and is ended by the signal itself.
    void this.listening.get(worker)?.then(() => worker.kill('SIGTERM'));
  }

  /** Kills all that is left. */
  async destroy(): Promise<void> {
    const all = [...this.staff.splice(0), ...this.leaving];
    for (const worker of all) worker.kill('SIGKILL');
    await Promise.all(all.map(({ exited }) => exited));
  }
}
