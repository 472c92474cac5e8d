import type { SpawnedProcess, SpawnProcessOptions } from '@tidewheel/testing';
import { spawnProcess } from '@tidewheel/testing';
import { appendFile } from 'node:fs/promises';

/** How a process is run again and again. */
interface ManagedProcessOptions extends SpawnProcessOptions {
  readonly name: string;
  /** A line that it prints once it works. */
  readonly readyLine: RegExp;
  /** Whether it may be killed by what it runs; then it is started again, as a container would be. */
  readonly mayDie?: boolean;
  /** Where all its output goes. */
  readonly logFile: string;
}

/** How long a process may take to end after SIGTERM. */
const END_LIMIT_MS = 30_000;

/** A process that is killed and started again, and that must never end by itself, unless it may die of its work. */
export class ManagedProcess {
  readonly name: string;
  /** What it did that it must not do. */
  readonly faults: string[] = [];
  private current: SpawnedProcess | undefined;
  private endsOnPurpose = false;
  private restarting: Promise<void> = Promise.resolve();
  private written: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ManagedProcessOptions) {
    this.name = options.name;
  }

  /** Settles when it runs, which is before it is ready. */
  async start(): Promise<void> {
    this.endsOnPurpose = false;
    await this.spawn();
  }

  private async spawn(): Promise<void> {
    const started = await spawnProcess({ ...this.options, onLine: (line) => this.write(line) });
    this.write(`-- ${this.name} is process ${started.pid}`);
    this.current = started;
    void started.exited.then(({ code, signal }) => {
      this.write(`-- process ${started.pid} ended: ${signal ?? code ?? ''}`);
      if (this.endsOnPurpose) return;
      if (this.options.mayDie && signal === 'SIGKILL') {
        this.restarting = this.spawn();
        return;
      }
      this.faults.push(
        `${this.name} ended by itself with ${signal ?? `exit code ${code ?? 'unknown'}`}:\n${started.lines.slice(-20).join('\n')}`,
      );
    });
  }

  get isRunning(): boolean {
    return this.current !== undefined && !this.current.hasExited;
  }

  async waitUntilReady(): Promise<void> {
    await this.current?.waitForLine(this.options.readyLine, { timeoutMs: 60_000 });
  }

  async kill(): Promise<void> {
    this.endsOnPurpose = true;
    await this.restarting;
    this.current?.kill('SIGKILL');
    await this.current?.exited;
  }

  /** Stops it as a debugger or an overloaded machine would. */
  suspend(): void {
    this.current?.kill('SIGSTOP');
  }

  resume(): void {
    this.current?.kill('SIGCONT');
  }

  /** Lets it wind up; a fault is noted when it does not end well. */
  async end(): Promise<void> {
    this.endsOnPurpose = true;
    await this.restarting;
    const ending = this.current;
    if (!ending || ending.hasExited) return;
    // Until it is ready it has not said what it does about signals, and just dies of them.
    await this.waitUntilReady().catch(() => undefined);
    ending.kill('SIGTERM');
    const timer = setTimeout(() => ending.kill('SIGKILL'), END_LIMIT_MS);
    const { code, signal } = await ending.exited;
    clearTimeout(timer);
    if (code !== 0) {
      this.faults.push(
        `${this.name} ended with ${signal ?? `exit code ${code ?? 'unknown'}`} after SIGTERM:\n${ending.lines.slice(-20).join('\n')}`,
      );
    }
    await this.written;
  }

  private write(line: string): void {
    const text = `${new Date().toISOString()} ${line}\n`;
    this.written = this.written.then(() => appendFile(this.options.logFile, text)).catch(() => undefined);
  }
}
