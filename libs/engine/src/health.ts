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

/** A PING that takes longer counts as failed. */
const PING_LIMIT_MS = 2_000;
/** The connection for notices may be silent this long: a blocked read and some slack. */
const NOTICES_SILENCE_LIMIT_MS = 6_000;

/** Checks what the engine needs to work. */
export class HealthProbe {
  private readonly states = new Map<string, { ok: boolean; sinceMs: number }>();
  private stopped = false;

  constructor(private readonly context: EngineContext) {}

  async check(): Promise<EngineHealth> {
    return {
      checks: [this.record('redis', await this.pingFault()), this.record('notices', this.noticesFault())],
    };
  }

  stop(): void {
    this.stopped = true;
  }

  private async pingFault(): Promise<string | undefined> {
    if (this.stopped) return 'the engine is closed';
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(
        () => resolve(`Redis did not answer within ${PING_LIMIT_MS / 1_000} s`),
        PING_LIMIT_MS,
      );
    });
    const { redis, keys, connections } = this.context;
    // On a cluster, each partition may be away by itself.
    const probed = connections.spanPartitions ? 1 : keys.partitions;
    const written = Promise.all(
      Array.from({ length: probed }, (_, partition) =>
        redis.set(keys.partition(partition).probe, Date.now(), 'PX', 60_000),
      ),
    )
      .then(() => undefined)
      .catch(
        (error: unknown) => `Redis refuses writes: ${error instanceof Error ? error.message : String(error)}`,
      );
    try {
      return await Promise.race([written, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private noticesFault(): string | undefined {
    const silentMs = this.context.notices.silenceMs();
    return silentMs > NOTICES_SILENCE_LIMIT_MS
      ? `the blocking read of notices has been silent for ${silentMs} ms`
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
