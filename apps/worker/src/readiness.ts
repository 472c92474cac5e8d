import type { HealthCheck } from '@tidewheel/engine';
import { Health } from '@tidewheel/process';
import type { CheckChange, Finding } from '@tidewheel/process';
import type { WorkerStatus } from '@tidewheel/worker';

/** What readiness is told by. */
interface ReadinessSources {
  /** Whether all workers have been told to poll. */
  readonly isStarted: () => boolean;
  readonly statuses: () => readonly WorkerStatus[];
  /** The engine's own checks; undefined while it is not connected. */
  readonly engineChecks: () => Promise<readonly HealthCheck[] | undefined>;
  /** What the users' checks found. */
  readonly userFindings: () => readonly Finding[];
  /** Told once for each check that changes. */
  readonly onChange: (change: CheckChange) => void;
}

/** How often the engine is asked how it is. */
const LOOK_MS = 1_000;
/** How often it is looked whether there is a connection at last. */
const OPENING_LOOK_MS = 50;

/** Looks every second how a worker process is, so that changes are told even when nobody probes. */
export class Readiness {
  readonly health: Health;
  private engineChecks: readonly HealthCheck[] | undefined;
  private closed = false;
  private nextLook: NodeJS.Timeout | undefined;

  constructor(private readonly sources: ReadinessSources) {
    this.health = new Health(() => this.findings(), sources.onChange);
    void this.look();
  }

  close(): void {
    this.closed = true;
    this.health.close();
    clearTimeout(this.nextLook);
  }

  /** What works and what does not; the engine's part is at most a few seconds old. */
  private findings(): Finding[] {
    const { isStarted, statuses, userFindings } = this.sources;
    const silent = statuses().find(({ pollAlive }) => !pollAlive);
    return [
      ...engineFindings(this.engineChecks),
      { name: 'started', reason: isStarted() ? undefined : 'the workers are not created yet' },
      {
        name: 'polls',
        reason: silent && `the blocking read of tasks has been silent for ${silent.pollSilenceMs} ms`,
      },
      ...userFindings(),
    ];
  }

  private async look(): Promise<void> {
    this.engineChecks = (await this.sources.engineChecks()) ?? this.engineChecks;
    if (this.closed) return;
    this.health.readiness();
    const pauseMs = this.engineChecks ? LOOK_MS : OPENING_LOOK_MS;
    this.nextLook = setTimeout(() => void this.look(), pauseMs).unref();
  }
}

function engineFindings(checks: readonly HealthCheck[] | undefined): Finding[] {
  if (!checks) return [{ name: 'redis', reason: 'Redis has never answered so far: check that it runs' }];
  return checks.map(({ name, ok, message = 'it fails' }) => ({ name, reason: ok ? undefined : message }));
}
