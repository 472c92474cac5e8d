import type { Logger } from '@tidewheel/common';
import { DEFAULTS } from '@tidewheel/core';
import { forgetWorkers, recordWorkers } from '@tidewheel/engine';
import type { Engine, WorkerHeartbeat } from '@tidewheel/engine';

/** How long the end of a worker waits for Redis to forget it; one that is not forgotten expires. */
const FORGET_LIMIT_MS = 1_000;

/** A worker that says now and then what it does. */
export interface Registrant {
  readonly workerInstanceKey: string;
  readonly namespace: string;
  /** Time between its heartbeats. */
  readonly intervalMs: number;
  /** Whether it has nothing to say that it did not say last time: it does nothing, and did nothing since. */
  isIdle(): boolean;
  /** What to say now. */
  heartbeat(): WorkerHeartbeat;
}

interface Round {
  readonly registrants: Set<Registrant>;
  readonly timer: NodeJS.Timeout;
  underWay: boolean;
}

/**
 * Registers the workers of a process: all of them together with one write each time, so a process costs the same whether
 * it holds one worker or fifty. Nothing of it is on the way of a task. A worker that does nothing leaves out most of its
 * heartbeats, and counts as there for longer. While Redis is away, heartbeats are left out.
 */
export class WorkerRegistrar {
  private static readonly registrars = new WeakMap<Engine, WorkerRegistrar>();

  /** The one registrar of an engine's process. */
  static of(engine: Engine, logger: Logger): WorkerRegistrar {
    let registrar = this.registrars.get(engine);
    if (!registrar) this.registrars.set(engine, (registrar = new WorkerRegistrar(engine, logger)));
    return registrar;
  }

  /** The workers that are to say something, by the time between their heartbeats. */
  private readonly rounds = new Map<number, Round>();
  private readonly soon = new Set<Registrant>();
  /** Until when those that said that they do nothing need not say it again. */
  private readonly restsUntilMs = new WeakMap<Registrant, number>();
  private hasFailed = false;

  private constructor(
    private readonly engine: Engine,
    private readonly logger: Logger,
  ) {}

  /** Registers a worker, in this turn of the event loop together with all others of the process. */
  add(registrant: Registrant): void {
    const { intervalMs } = registrant;
    const round = this.rounds.get(intervalMs);
    if (round) round.registrants.add(registrant);
    else {
      const timer = setInterval(() => void this.turn(intervalMs), intervalMs).unref();
      this.rounds.set(intervalMs, { registrants: new Set([registrant]), timer, underWay: false });
    }
    this.tellSoon(registrant);
  }

  /** Says at once what a registered worker does, because that has changed. */
  tellSoon(registrant: Registrant): void {
    if (this.soon.size === 0) {
      setImmediate(() => {
        const registrants = [...this.soon].filter((one) => this.isRegistered(one));
        this.soon.clear();
        void this.tell(registrants);
      });
    }
    this.soon.add(registrant);
  }

  /** Takes a worker off the register; resolves when that is done, or cannot be done now. */
  async remove(registrant: Registrant): Promise<void> {
    const round = this.rounds.get(registrant.intervalMs);
    if (!round?.registrants.delete(registrant)) return;
    this.restsUntilMs.delete(registrant);
    if (round.registrants.size === 0) {
      clearInterval(round.timer);
      this.rounds.delete(registrant.intervalMs);
    }
    const { namespace, workerInstanceKey } = registrant;
    const forgotten = forgetWorkers(this.engine.context, namespace, [workerInstanceKey]).catch(
      () => undefined,
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, FORGET_LIMIT_MS)));
    await Promise.race([forgotten, late]);
    clearTimeout(timer);
  }

  private isRegistered(registrant: Registrant): boolean {
    return this.rounds.get(registrant.intervalMs)?.registrants.has(registrant) === true;
  }

  private async turn(intervalMs: number): Promise<void> {
    const round = this.rounds.get(intervalMs);
    if (!round || round.underWay) return;
    round.underWay = true;
    await this.tell([...round.registrants].filter((one) => !one.isIdle() || this.isDue(one)));
    round.underWay = false;
  }

  /** Whether a worker that does nothing has to say so again before the turn after this one. */
  private isDue(registrant: Registrant): boolean {
    const nextTurnMs = performance.now() + registrant.intervalMs / 2;
    return nextTurnMs > (this.restsUntilMs.get(registrant) ?? 0);
  }

  private async tell(registrants: readonly Registrant[]): Promise<void> {
    const groups = new Map<string, Registrant[]>();
    for (const registrant of registrants) {
      const key = `${registrant.namespace}\n${registrant.intervalMs}\n${registrant.isIdle()}`;
      const group = groups.get(key);
      if (group) group.push(registrant);
      else groups.set(key, [registrant]);
    }
    await Promise.all([...groups.values()].map((group) => this.tellGroup(group)));
  }

  private async tellGroup(registrants: readonly Registrant[]): Promise<void> {
    const [first] = registrants;
    if (!first) return;
    const { namespace, intervalMs } = first;
    const isIdle = first.isIdle();
    const silenceMs = isIdle ? idleIntervalMs(intervalMs) : intervalMs;
    try {
      const heartbeats = registrants.map((registrant) => registrant.heartbeat());
      const validMs = silenceMs * DEFAULTS.workerHeartbeatsMissed;
      await recordWorkers(this.engine.context, namespace, heartbeats, { validMs });
      this.hasFailed = false;
      for (const registrant of registrants) {
        if (isIdle) this.restsUntilMs.set(registrant, performance.now() + silenceMs);
        else this.restsUntilMs.delete(registrant);
      }
    } catch (error) {
      // For information only: tasks go on without it.
      if (!this.hasFailed) this.logger.debug('workers could not be registered', { error: String(error) });
      this.hasFailed = true;
      for (const registrant of registrants) this.restsUntilMs.delete(registrant);
    }
  }
}

/** Time between the heartbeats of a worker that does nothing. */
function idleIntervalMs(intervalMs: number): number {
  return Math.max(
    intervalMs,
    Math.min(intervalMs * DEFAULTS.workerIdleHeartbeats, DEFAULTS.workerLongestSilenceMs),
  );
}
