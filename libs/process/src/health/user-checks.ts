import type { UserCheck } from './health-definitions.js';
import type { Finding } from './health.js';

/**
 * Looks at what users told a process to look at: each check by itself, every so often. Probes are told what was found
 * last, so that none waits for a check; until the first look has ended, a check fails.
 */
export class UserChecks {
  private readonly running: readonly RepeatedCheck[];

  constructor(checks: readonly UserCheck[]) {
    this.running = checks.map((check) => new RepeatedCheck(check));
  }

  findings(): Finding[] {
    return this.running.map((check) => check.finding);
  }

  close(): void {
    for (const check of this.running) check.close();
  }
}

/** One check, never looked at twice at once: while one that took too long has not ended, it goes on failing. */
class RepeatedCheck {
  private reason: string | undefined = 'has not been looked at yet';
  private nextLook: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly definition: UserCheck) {
    void this.look();
  }

  get finding(): Finding {
    return { name: this.definition.name, reason: this.reason };
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.nextLook);
  }

  private async look(): Promise<void> {
    const { check, intervalMs, timeoutMs } = this.definition;
    const late = new AbortController();
    const timer = setTimeout(() => {
      this.reason = `took longer than ${timeoutMs} ms`;
      late.abort(new Error(this.reason));
    }, timeoutMs).unref();
    let reason: string | undefined;
    try {
      await check({ signal: late.signal });
    } catch (error) {
      reason = textOf(error);
    }
    clearTimeout(timer);
    // An answer that came too late is no better than none.
    if (!late.signal.aborted) this.reason = reason;
    if (!this.closed) this.nextLook = setTimeout(() => void this.look(), intervalMs).unref();
  }
}

/** What it says is shown to whoever asks for readiness: one line, and not without end. */
function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll('\n', ' ').slice(0, 500) || 'failed without a message';
}
