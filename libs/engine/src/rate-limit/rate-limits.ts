import type { EngineContext } from '../engine-context.js';
import { isLimiting, NO_RATES, readRates } from './rate-limit.js';
import type { EffectiveRateLimit, QueueName } from './rate-limit.js';

/** How often it is looked whether any rate has changed: one small read, whatever the number of queues. */
const REFRESH_MS = 2_000;
/** A queue that nobody has asked about for this long is no longer kept in view. */
const UNUSED_MS = 60_000;

interface QueueInView {
  readonly queue: QueueName;
  rate: EffectiveRateLimit;
  /** Resolves when it is known. */
  known: Promise<boolean> | undefined;
  readonly watchers: Set<(limited: boolean) => void>;
  usedMs: number;
}

/**
 * Which task queues have a dispatch rate, as far as this process has to know: those it polls, and those it would start
 * activities of at once. A change elsewhere is known after two seconds at most.
 */
export class RateLimits {
  private readonly inView = new Map<string, QueueInView>();
  private timer: NodeJS.Timeout | undefined;
  private changes: string | null | undefined;

  constructor(private readonly context: () => EngineContext) {}

  /**
   * Keeps a queue in view. Resolves, when it is known whether it has a rate, with what ends it; `onChange` is called with
   * every change from then on.
   */
  async watch(queue: QueueName, onChange: (limited: boolean) => void): Promise<() => void> {
    const entry = this.enter(queue);
    entry.watchers.add(onChange);
    const end = (): void => {
      entry.watchers.delete(onChange);
      entry.usedMs = Date.now();
    };
    try {
      await entry.known;
    } catch (error) {
      end();
      throw error;
    }
    return end;
  }

  /** Whether a queue has a rate; a promise only when this process has not looked yet. */
  isLimited(queue: QueueName): boolean | Promise<boolean> {
    const entry = this.enter(queue);
    entry.usedMs = Date.now();
    return entry.known ?? isLimiting(entry.rate);
  }

  /** Notes that a queue was found to have no rate any more: a worker's has lapsed. */
  noteLapsed(queue: QueueName): void {
    this.note(queue, NO_RATES.effectiveRateLimit);
  }

  /** Looks at a queue at once, if it is in view. */
  async refresh(queue: QueueName): Promise<void> {
    if (!this.inView.has(keyOf(queue))) return;
    const { effectiveRateLimit } = await readRates(this.context(), queue);
    this.note(queue, effectiveRateLimit);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.inView.clear();
  }

  private note(queue: QueueName, rate: EffectiveRateLimit): void {
    const entry = this.inView.get(keyOf(queue));
    if (!entry) return;
    const { requestsPerSecond, burst } = entry.rate;
    if (requestsPerSecond === rate.requestsPerSecond && burst === rate.burst) return;
    entry.rate = rate;
    for (const watcher of entry.watchers) watcher(isLimiting(rate));
  }

  private enter(queue: QueueName): QueueInView {
    const key = keyOf(queue);
    const found = this.inView.get(key);
    if (found) return found;
    const entry: QueueInView = {
      queue,
      rate: NO_RATES.effectiveRateLimit,
      known: undefined,
      watchers: new Set(),
      usedMs: Date.now(),
    };
    entry.known = this.look(key, entry);
    this.inView.set(key, entry);
    this.timer ??= this.schedule();
    return entry;
  }

  private async look(key: string, entry: QueueInView): Promise<boolean> {
    try {
      entry.rate = (await readRates(this.context(), entry.queue)).effectiveRateLimit;
      return isLimiting(entry.rate);
    } catch (error) {
      this.inView.delete(key);
      throw error;
    } finally {
      entry.known = undefined;
    }
  }

  private schedule(): NodeJS.Timeout {
    return setTimeout(() => void this.turn(), REFRESH_MS).unref();
  }

  private async turn(): Promise<void> {
    for (const [key, { watchers, usedMs }] of this.inView) {
      if (watchers.size === 0 && Date.now() - usedMs > UNUSED_MS) this.inView.delete(key);
    }
    if (this.inView.size > 0) await this.refreshAll().catch(() => undefined);
    // It may have been stopped meanwhile.
    this.timer &&= this.inView.size > 0 ? this.schedule() : undefined;
  }

  private async refreshAll(): Promise<void> {
    const { redis, keys } = this.context();
    const changes = await redis.get(keys.rateLimitChanges);
    if (changes === this.changes) return;
    await Promise.all([...this.inView.values()].map(({ queue }) => this.refresh(queue)));
    this.changes = changes;
  }
}

function keyOf({ namespace, taskQueue }: QueueName): string {
  return `${namespace}:${taskQueue}`;
}
