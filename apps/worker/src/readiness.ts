import type { HealthCheck } from '@tidewheel/engine';
import type { WorkerStatus } from '@tidewheel/worker';

/** What readiness is told by. */
interface ReadinessSources {
  /** Whether all workers have been told to poll. */
  readonly isStarted: () => boolean;
  readonly statuses: () => readonly WorkerStatus[];
  /** The engine's own checks; undefined while it is not connected. */
  readonly engineChecks: () => Promise<readonly HealthCheck[] | undefined>;
  /** Told once for each check that changes. */
  readonly onChange: (check: HealthCheck) => void;
}

/** How often the engine is asked how it is. */
const LOOK_MS = 1_000;
/** How often it is looked whether there is a connection at last. */
const OPENING_LOOK_MS = 50;

/** Whether this process can do its work, and since when it can or cannot. */
export class Readiness {
  private readonly known = new Map<string, HealthCheck>();
  private engineChecks: readonly HealthCheck[] | undefined;
  private stopping = false;
  private closed = false;
  private nextLook: NodeJS.Timeout | undefined;

  constructor(private readonly sources: ReadinessSources) {
    void this.look();
  }

  /** From now on the process is not ready: it winds up. */
  beginStopping(): void {
    this.stopping = true;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.nextLook);
  }

  /** What works and what does not; the engine's part is at most a few seconds old. */
  checks(): HealthCheck[] {
    const statuses = this.sources.statuses();
    const silent = statuses.find(({ pollAlive }) => !pollAlive);
    const engine = this.engineChecks ?? [
      {
        name: 'redis',
        ok: false,
        sinceMs: 0,
        message: 'Redis has never answered so far: check that it runs',
      },
    ];
    return [
      ...engine.map(({ name, ok, message }) => this.note(name, ok ? undefined : message)),
      this.note('started', this.sources.isStarted() ? undefined : 'the workers are not created yet'),
      this.note(
        'polls',
        silent && `the blocking read of tasks has been silent for ${silent.pollSilenceMs} ms`,
      ),
      this.note('running', this.stopping ? 'the process is winding up' : undefined),
    ];
  }

  /** The check as it is now: since when is kept from one look to the next. */
  private note(name: string, fault: string | undefined): HealthCheck {
    const before = this.known.get(name);
    const ok = fault === undefined;
    const hasChanged = before?.ok !== ok;
    const sinceMs = hasChanged ? Date.now() : before.sinceMs;
    const check = { name, ok, sinceMs, ...(fault !== undefined && { message: fault }) };
    this.known.set(name, check);
    if (hasChanged && before) this.sources.onChange(check);
    return check;
  }

  private async look(): Promise<void> {
    this.engineChecks = (await this.sources.engineChecks()) ?? this.engineChecks;
    if (this.closed) return;
    this.checks();
    const pauseMs = this.engineChecks ? LOOK_MS : OPENING_LOOK_MS;
    this.nextLook = setTimeout(() => void this.look(), pauseMs).unref();
  }
}
