/** What a look at one thing found: without a reason, it is well. */
export interface Finding {
  readonly name: string;
  /** What is wrong and what to do. */
  readonly reason?: string | undefined;
  /** Since when, milliseconds since the epoch, when whoever looked knows; otherwise since this was first seen. */
  readonly sinceMs?: number | undefined;
}

/** One thing that must work, as it is told to whoever asks. */
export interface CheckReport {
  readonly name: string;
  readonly status: 'passing' | 'failing';
  /** When this state began, RFC 3339. */
  readonly since: string;
  readonly reason?: string;
}

/** A check that begins to fail or passes again. */
export type CheckChange = Pick<CheckReport, 'name' | 'status' | 'reason'>;

/** Answer to GET /ready. */
export interface ReadinessReport {
  /** `starting` until all checks pass for the first time, `draining` while the process winds up. */
  readonly status: 'starting' | 'ready' | 'not ready' | 'draining';
  readonly checks: readonly CheckReport[];
}

/** Answer to GET /health. */
export interface LivenessReport {
  readonly status: 'ok';
  readonly checks: readonly CheckReport[];
}

/** A timer that comes this much late shows that the event loop was blocked: no probe was answered meanwhile. */
const STALL_MS = 1_000;
const LOOP_LOOK_MS = 1_000;

/**
 * How a process is, for its probes. It begins as `starting`, is `ready` or `not ready` from when all checks have passed
 * once, and `draining` from {@link beginDraining} on, for good. Since when a check passes or fails is kept here.
 */
export class Health {
  private readonly known = new Map<string, { readonly failing: boolean; readonly sinceMs: number }>();
  private readonly loopLook: NodeJS.Timeout;
  private expectedMs = Date.now() + LOOP_LOOK_MS;
  private loopSinceMs = Date.now();
  private hasBeenReady = false;
  private drainingSinceMs: number | undefined;

  /**
   * @param look what is found now; it must not wait for anything
   * @param onChange told once when a check begins to fail, and once when it passes again
   */
  constructor(
    private readonly look: () => readonly Finding[],
    private readonly onChange: (change: CheckChange) => void = () => undefined,
  ) {
    this.loopLook = setInterval(() => this.watchLoop(), LOOP_LOOK_MS).unref();
  }

  /** The process winds up: it is not ready from now on, whatever else works. */
  beginDraining(): void {
    this.drainingSinceMs ??= Date.now();
  }

  close(): void {
    clearInterval(this.loopLook);
  }

  /** That it is asked at all shows that the event loop turns; `since` tells when it last stood still for a second. */
  liveness(): LivenessReport {
    this.watchLoop();
    const since = new Date(this.loopSinceMs).toISOString();
    return { status: 'ok', checks: [{ name: 'event-loop', status: 'passing', since }] };
  }

  /** Whether the process can do its work: every check passes, and it does not wind up. */
  readiness(): ReadinessReport {
    const checks = this.look().map((finding) => this.note(finding));
    checks.push(
      this.note({
        name: 'running',
        reason: this.drainingSinceMs === undefined ? undefined : 'the process is winding up',
        sinceMs: this.drainingSinceMs,
      }),
    );
    const allPass = checks.every(({ status }) => status === 'passing');
    if (allPass) this.hasBeenReady = true;
    if (this.drainingSinceMs !== undefined) return { status: 'draining', checks };
    if (!this.hasBeenReady) return { status: 'starting', checks };
    return { status: allPass ? 'ready' : 'not ready', checks };
  }

  private note({ name, reason, sinceMs }: Finding): CheckReport {
    const failing = reason !== undefined;
    const before = this.known.get(name);
    const hasChanged = before?.failing !== failing;
    const state = hasChanged ? { failing, sinceMs: sinceMs ?? Date.now() } : before;
    this.known.set(name, state);
    const check: CheckReport = {
      name,
      status: failing ? 'failing' : 'passing',
      since: new Date(state.sinceMs).toISOString(),
      ...(failing && { reason }),
    };
    if (hasChanged && before) this.onChange(check);
    return check;
  }

  private watchLoop(): void {
    const nowMs = Date.now();
    if (nowMs - this.expectedMs > STALL_MS) this.loopSinceMs = nowMs;
    this.expectedMs = nowMs + LOOP_LOOK_MS;
  }
}
