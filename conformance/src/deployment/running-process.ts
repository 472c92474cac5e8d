import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface ProcessOptions {
  readonly name: string;
  /** What Node.js runs, with its arguments. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where all its output goes. */
  readonly log: WriteStream;
}

interface LineWaiter {
  readonly pattern: RegExp;
  readonly found: (line: string) => void;
}

const END_LIMIT_MS = 20_000;

/** A Node.js process of which the lines it prints are waited for. */
export class RunningProcess {
  readonly exited: Promise<void>;
  private readonly lines: string[] = [];
  private readonly waiters = new Set<LineWaiter>();
  private readonly child: ChildProcess;

  constructor(private readonly options: ProcessOptions) {
    this.child = spawn(process.execPath, options.args, {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = once(this.child, 'close').then(() => undefined);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.take(line));
    }
  }

  /** 0 when it could not be started. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  get name(): string {
    return this.options.name;
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  hasPrinted(pattern: RegExp): boolean {
    return this.lines.some((line) => pattern.test(line));
  }

  /** What it printed last, for whoever wonders why it ended. */
  lastLines(): string {
    return this.lines.slice(-5).join('\n');
  }

  /**
   * The first line, already printed or still to come, that matches.
   *
   * @throws when the process ends without it
   */
  async line(pattern: RegExp): Promise<string> {
    const printed = this.lines.find((line) => pattern.test(line));
    if (printed !== undefined) return printed;
    const ended = this.exited.then(() => {
      throw new Error(`${this.name} ended without printing ${String(pattern)}: ${this.lastLines()}`);
    });
    const coming = new Promise<string>((found) => this.waiters.add({ pattern, found }));
    return await Promise.race([coming, ended]);
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** Lets it wind up; killed when that takes too long. */
  async end(): Promise<void> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_LIMIT_MS);
    await this.exited;
    clearTimeout(timer);
  }

  private take(line: string): void {
    this.options.log.write(`${this.name} ${line}\n`);
    this.lines.push(line);
    for (const waiter of this.waiters) {
      if (!waiter.pattern.test(line)) continue;
      this.waiters.delete(waiter);
      waiter.found(line);
    }
  }
}
