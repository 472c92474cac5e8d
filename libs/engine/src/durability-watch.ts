import { findDurabilityFaults } from '@tidewheel/store';
import type { DurabilityFinding, Redis } from '@tidewheel/store';
import type { EngineLogger } from './engine-context.js';

/** How often Redis is looked at again. */
const PERIOD_MS = 60_000;
/** The same where a finding makes the process not ready. */
const STRICT_PERIOD_MS = 10_000;

/** A Redis that may lose acknowledged work, refused because the engine was opened as strict. */
export class DurabilityError extends Error {
  override readonly name = 'DurabilityError';

  constructor(readonly findings: readonly DurabilityFinding[]) {
    super(describe(findings));
  }
}

/** Looks at once and then every minute for settings of Redis under which acknowledged work may be lost, and says so. */
export class DurabilityWatch {
  private readonly timer: NodeJS.Timeout;
  private said = '';

  private constructor(
    private readonly redis: Redis,
    private readonly logger: EngineLogger,
    private found: readonly DurabilityFinding[],
    /** Whether the process must not work while something is found. */
    readonly strict: boolean,
  ) {
    this.timer = setInterval(() => void this.look(), strict ? STRICT_PERIOD_MS : PERIOD_MS).unref();
  }

  /** @throws DurabilityError when `strict` and something is found */
  static async start(redis: Redis, logger: EngineLogger, strict: boolean): Promise<DurabilityWatch> {
    const found = await findDurabilityFaults(redis);
    if (strict && found.length > 0) throw new DurabilityError(found);
    const watch = new DurabilityWatch(redis, logger, found, strict);
    watch.say();
    return watch;
  }

  /** What was found when last looked. */
  get findings(): readonly DurabilityFinding[] {
    return this.found;
  }

  /** The same in one line; undefined when nothing was found. */
  get fault(): string | undefined {
    return this.found.length === 0 ? undefined : describe(this.found);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    try {
      this.found = await findDurabilityFaults(this.redis);
      this.say();
    } catch (error) {
      this.logger.debug({ error }, 'the durability of Redis could not be looked at');
    }
  }

  /** Says what is new; the same finding is not said every minute. */
  private say(): void {
    const text = this.found.map(({ subject, actual }) => `${subject}=${actual}`).join(' ');
    if (text === this.said) return;
    this.said = text;
    for (const finding of this.found) this.logger.warn({ ...finding }, 'acknowledged work may be lost');
  }
}

function describe(findings: readonly DurabilityFinding[]): string {
  return findings.map(({ subject, actual, advice }) => `${subject} is "${actual}": ${advice}`).join('; ');
}
