import { UnavailableError } from '@tidewheel/core';
import { loadMissingScripts, SCRIPTS } from '@tidewheel/store';
import type { DurabilityWatch } from './durability-watch.js';
import type { EngineContext } from './engine-context.js';

/** One thing that must work, and since when it does or does not. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  /** When this state began, milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly message?: string;
}

export interface EngineHealth {
  readonly checks: readonly HealthCheck[];
}

/** An answer that takes longer counts as none. */
const ANSWER_LIMIT_MS = 2_000;
/** The connection for notices may be silent this long: a blocked read and some slack. */
const NOTICES_SILENCE_LIMIT_MS = 6_000;
/** How often it is looked whether Redis still has the scripts; only a flush or another server takes them away. */
const SCRIPTS_LOOK_MS = 10_000;

/** Checks what the engine needs to work. */
export class HealthProbe {
  private readonly states = new Map<string, { ok: boolean; sinceMs: number }>();
  private stopped = false;
  private scriptsFault: string | undefined;
  private nextScriptsLookMs = 0;

  constructor(
    private readonly context: EngineContext,
    private readonly durability: DurabilityWatch,
  ) {}

  async check(): Promise<EngineHealth> {
    const [redis, scripts, partitions] = await Promise.all([
      this.writeFault(),
      this.missingScripts(),
      this.partitionsFault(),
    ]);
    return {
      checks: [
        this.record('redis', redis),
        this.record('scripts', scripts),
        this.record('partitions', partitions),
        ...(this.durability.strict ? [this.record('durability', this.durability.fault)] : []),
        this.record('notices', this.noticesFault()),
      ],
    };
  }

  stop(): void {
    this.stopped = true;
  }

  /** A write that is really made: a replica answers reads, and so does a server that may not write any more. */
  private async writeFault(): Promise<string | undefined> {
    if (this.stopped) return 'the engine is closed';
    const { redis, keys, connections } = this.context;
    // On a cluster, each partition may be away by itself.
    const probed = connections.spanPartitions ? 1 : keys.partitions;
    const written = Promise.all(
      Array.from({ length: probed }, (_, partition) =>
        redis.set(keys.partition(partition).probe, Date.now(), 'PX', 60_000),
      ),
    );
    return faultOf(written, 'Redis refuses writes');
  }

  /** A script that went missing is loaded again: until then, each would be sent in full once. */
  private async missingScripts(): Promise<string | undefined> {
    if (this.stopped || Date.now() < this.nextScriptsLookMs) return this.scriptsFault;
    const loaded = loadMissingScripts(this.context.redis, SCRIPTS);
    this.scriptsFault = await faultOf(loaded, 'the scripts cannot be loaded');
    if (this.scriptsFault === undefined) this.nextScriptsLookMs = Date.now() + SCRIPTS_LOOK_MS;
    return this.scriptsFault;
  }

  private async partitionsFault(): Promise<string | undefined> {
    if (this.stopped) return undefined;
    try {
      await this.context.placement.requireCurrent();
      return undefined;
    } catch (error) {
      // What keeps it from being read is told by the other checks.
      return error instanceof UnavailableError ? error.message : undefined;
    }
  }

  private noticesFault(): string | undefined {
    const silentMs = this.context.notices.silenceMs();
    return silentMs > NOTICES_SILENCE_LIMIT_MS
      ? `the blocking read of notices has been silent for ${silentMs} ms; allowed are ${NOTICES_SILENCE_LIMIT_MS}`
      : undefined;
  }

  private record(name: string, fault: string | undefined): HealthCheck {
    const ok = fault === undefined;
    const state = this.states.get(name);
    const sinceMs = state?.ok === ok ? state.sinceMs : Date.now();
    this.states.set(name, { ok, sinceMs });
    return { name, ok, sinceMs, ...(fault !== undefined && { message: fault }) };
  }
}

/** What is wrong with something Redis is asked for, within the time that it may take; undefined when it answers. */
async function faultOf(answer: Promise<unknown>, fault: string): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(
      () => resolve(`Redis did not answer within ${ANSWER_LIMIT_MS / 1_000} s`),
      ANSWER_LIMIT_MS,
    );
  });
  const settled = answer.then(
    () => undefined,
    (error: unknown) => `${fault}: ${error instanceof Error ? error.message : String(error)}`,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
