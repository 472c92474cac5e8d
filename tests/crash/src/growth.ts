import { spawnProcess } from '@tidewheel/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chaos } from './chaos.js';
import { API_PROGRAM, PRELOADED } from './deployment.js';
import type { Deployment } from './deployment.js';
import type { ManagedProcess } from './managed-process.js';

/** How long before its time a growth is announced: twice as long as a process may believe what it knows. */
const NOTICE = '6s';
/** Redis is held from so long before the moment until so long after it. */
const HELD_MS = 400;

/** Lets a deployment grow while it is at work. */
export class Growth {
  private announced: (fromMs: number) => void = () => undefined;
  private readonly whenAnnounced = new Promise<number>((resolve) => (this.announced = resolve));

  constructor(
    private readonly deployment: Deployment,
    private readonly chaos: Chaos,
    private readonly partitions: number,
  ) {}

  /**
   * Announces it as an operator does, and kills and restarts every process. Nothing else happens to Redis and the API around
   * the moment: Redis stands still then, where it can, so that what was sent before is done afterwards; and the last API
   * process is restarted too late.
   *
   * @throws Error when the command fails
   */
  async run(): Promise<void> {
    const { redis, apis, workers } = this.deployment;
    await this.chaos.reserve([redis, ...apis], 'grown', async () => {
      const fromMs = await this.announce();
      this.announced(fromMs);
      const spanMs = fromMs - Date.now();
      await Promise.all([
        this.hold(),
        ...apis.map(async (api, index) => {
          if (index === apis.length - 1) await this.moment(HELD_MS);
          await restart(api);
          await this.moment(HELD_MS);
        }),
        ...workers.map(async (worker, index) => {
          await sleep((spanMs * (index + 1)) / workers.length);
          await this.chaos.reserve([worker], `${worker.name} killed`, () => restart(worker));
        }),
      ]);
    });
  }

  /** Resolves so many milliseconds after the moment, or before when negative. */
  async moment(offsetMs: number): Promise<void> {
    const fromMs = await this.whenAnnounced;
    await sleep(Math.max(0, fromMs + offsetMs - Date.now()));
  }

  private async hold(): Promise<void> {
    const { redis } = this.deployment;
    await this.moment(-HELD_MS);
    await redis.freeze?.();
    await this.moment(HELD_MS);
    redis.thaw?.();
  }

  private async announce(): Promise<number> {
    const command = await spawnProcess({
      command: process.execPath,
      args: [...PRELOADED, API_PROGRAM, 'partitions', '--grow-to', String(this.partitions), '--in', NOTICE],
      env: { REDIS_URL: this.deployment.redis.url },
      name: 'partitions',
    });
    const { code } = await command.exited;
    const output = command.lines.join('\n');
    const time = new RegExp(`^partitions: ${this.partitions} from (\\S+Z)`, 'm').exec(output)?.[1];
    if (code === 0 && time !== undefined) return Date.parse(time);
    throw new Error(`the growth was not announced:\n${output}`);
  }
}

async function restart(target: ManagedProcess): Promise<void> {
  await target.kill();
  await target.start();
}
