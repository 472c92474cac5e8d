import type { SeededRandom } from '@tidewheel/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from './deployment.js';
import type { ManagedProcess } from './managed-process.js';

/** What may be killed. */
export const VICTIMS = ['workers', 'api', 'redis'] as const;
export type Victim = (typeof VICTIMS)[number];

/** How often each is chosen: while Redis is away, nothing else that dies has anything to lose. */
const WEIGHTS: Readonly<Record<Victim, number>> = { workers: 6, api: 3, redis: 2 };
/** Longest time that something stays dead; a suspended worker may outlast its tasks' timeouts. */
const MAX_DEAD_MS = 1_500;
const MAX_SUSPENDED_MS = 7_000;
/** So long that blocking connections are given up and made anew meanwhile, now and then. */
const LONG_AWAY_MS = 9_000;
const MIN_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1_500;

/** Kills processes at random moments and starts them again, until told to stop. */
export class Chaos {
  /** What was done, by kind. */
  readonly counts = new Map<string, number>();
  private readonly stopping = new AbortController();
  private readonly busy = new Set<object>();
  private readonly repairs = new Set<Promise<void>>();
  private running: Promise<void> | undefined;

  constructor(
    private readonly deployment: Deployment,
    private readonly random: SeededRandom,
    private readonly victims: readonly Victim[],
    private readonly tell: (what: string) => void,
  ) {}

  start(): void {
    this.running = this.run();
  }

  /** Resolves when everything runs again. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await Promise.all(this.repairs);
  }

  /** Does something to targets as soon as nothing is being done to any; until it is over nothing else will be. */
  async reserve(targets: readonly object[], what: string, act: () => Promise<void>): Promise<void> {
    while (targets.some((target) => this.busy.has(target))) await sleep(MIN_PAUSE_MS);
    await this.exclusively(targets, what, act);
  }

  private async run(): Promise<void> {
    if (this.victims.includes('redis') && this.deployment.redis.takesOver) {
      // Whatever chance brings, there is one of these.
      await this.pause(MAX_PAUSE_MS);
      this.strikeAside('redis', 0, 0, false);
    }
    while (!this.isStopping() && this.victims.length > 0) {
      await this.pause(this.random.int(MIN_PAUSE_MS, MAX_PAUSE_MS));
      // All draws are made in one order, whatever else goes on.
      const victim = this.random.pick(
        this.victims.flatMap((each) => Array<Victim>(WEIGHTS[each]).fill(each)),
      );
      const which = this.random.next();
      const deadMs = this.random.int(0, MAX_DEAD_MS);
      const awayMs = this.random.chance(0.1) ? LONG_AWAY_MS : 0;
      const suspends = this.random.chance(0.2);
      if (this.isStopping()) return;
      this.strikeAside(victim, which, victim === 'redis' ? deadMs + awayMs : deadMs, suspends);
    }
  }

  private strikeAside(victim: Victim, which: number, deadMs: number, suspends: boolean): void {
    const repair = this.strike(victim, which, deadMs, suspends);
    this.repairs.add(repair);
    void repair.finally(() => this.repairs.delete(repair));
  }

  private async strike(victim: Victim, which: number, deadMs: number, suspends: boolean): Promise<void> {
    const { redis, workers, apis } = this.deployment;
    if (victim === 'redis') {
      await this.exclusively([redis], 'redis killed', async () => {
        await redis.kill();
        await this.pause(deadMs);
        await redis.restart();
      });
      return;
    }
    const candidates = victim === 'workers' ? workers : apis;
    const target = candidates[Math.floor(which * candidates.length)] as ManagedProcess;
    if (suspends) {
      await this.exclusively([target], `${target.name} suspended`, async () => {
        target.suspend();
        await this.pause((deadMs / MAX_DEAD_MS) * MAX_SUSPENDED_MS);
        target.resume();
      });
      return;
    }
    await this.exclusively([target], `${target.name} killed`, async () => {
      await target.kill();
      await this.pause(deadMs);
      await target.start();
    });
  }

  /** Does nothing when something is being done to one of the targets. */
  private async exclusively(
    targets: readonly object[],
    what: string,
    act: () => Promise<void>,
  ): Promise<void> {
    if (targets.some((target) => this.busy.has(target))) return;
    for (const target of targets) this.busy.add(target);
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
    this.tell(what);
    try {
      await act();
    } finally {
      for (const target of targets) this.busy.delete(target);
    }
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
