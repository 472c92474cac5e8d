import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { guardProcessGroup, releaseProcessGroup } from './orphan-guard.js';

/** How many of the newest output lines are kept for error messages and late questions. */
const KEPT_LINES = 200;

export interface SpawnProcessOptions {
  /** The program itself, such as `process.execPath`; a wrapper like npx would be what `kill` reaches. */
  readonly command: string;
  readonly args?: readonly string[];
  /** Set on top of this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Working directory. Default: this process's. */
  readonly cwd?: string;
  /** How error messages call it. Default: the command. */
  readonly name?: string;
  /** Called for each line of output as it comes, without its line end. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface WaitForLineOptions {
  /** `start` (default) also looks at the kept lines that were printed before; `now` at new lines only. */
  readonly from?: 'start' | 'now';
  /** Milliseconds. Default 30 000. */
  readonly timeoutMs?: number;
}

/** How a process ended: with an exit code, or by a signal; the other one is null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Thrown by `waitForLine` when the line cannot come any more or did not come in time. */
export class LineNotSeenError extends Error {
  override readonly name = 'LineNotSeenError';
  readonly processName: string;
  readonly pattern: RegExp;
  /** What the process printed instead: its newest lines, which also end the message. */
  readonly lines: readonly string[];

  constructor(processName: string, pattern: RegExp, reason: string, lines: readonly string[]) {
    const output = lines.length > 0 ? `its last output:\n${lines.join('\n')}` : 'it printed nothing';
    super(`${processName} never printed a line like ${String(pattern)}: ${reason}; ${output}`);
    this.processName = processName;
    this.pattern = pattern;
    this.lines = lines;
  }
}

export interface SpawnedProcess {
  readonly name: string;
  readonly pid: number;
  /** The newest 200 lines of output, oldest first; stdout and stderr in the order in which they arrived. */
  readonly lines: readonly string[];
  /** Settles when the process has ended and all its output has been read. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** True from its end on. */
  readonly hasExited: boolean;
  /**
   * Waits for a line of output that matches, and returns the match.
   * Of lines that came before, only the newest 200 are looked at.
   *
   * @throws LineNotSeenError when the process ends first, or time is up.
   */
  waitForLine(pattern: RegExp, options?: WaitForLineOptions): Promise<RegExpExecArray>;
  /** Sends a signal (default SIGTERM) to the process, not to its children. False when it has ended already. */
  kill(signal?: NodeJS.Signals): boolean;
}

interface LineWaiter {
  readonly see: (line: string) => void;
  readonly giveUp: (reason: string) => void;
}

/**
 * Runs a program as a real process whose output a test can wait for.
 * When the process ends, by itself or not, children that it left in its process group are killed; so is everything when
 * this process dies, even by SIGKILL.
 *
 * @throws the error of node:child_process when the program cannot be started, such as ENOENT.
 */
export async function spawnProcess(options: SpawnProcessOptions): Promise<SpawnedProcess> {
  const { command, args = [], env = {}, cwd, name = command, onLine } = options;
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true, // a process group of its own, which can be killed as a whole
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid === undefined) throw await spawnError(child);
  const pid = child.pid;
  guardProcessGroup(pid);

  const lines: string[] = [];
  const waiters = new Set<LineWaiter>();
  let hasExited = false;

  const record = (line: string, stream: 'stdout' | 'stderr'): void => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    for (const waiter of [...waiters]) waiter.see(line);
    onLine?.(line, stream);
  };
  createInterface({ input: child.stdout }).on('line', (line) => record(line, 'stdout'));
  createInterface({ input: child.stderr }).on('line', (line) => record(line, 'stderr'));

  child.once('exit', () => {
    hasExited = true;
    killProcessGroup(pid);
    releaseProcessGroup(pid);
  });
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('close', (code, signal) => {
      for (const waiter of [...waiters])
        waiter.giveUp(`it ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`);
      resolve({ code, signal });
    });
  });
  let allRead = false;
  void exited.then(() => (allRead = true));

  const waitForLine = (pattern: RegExp, { from = 'start', timeoutMs = 30_000 }: WaitForLineOptions = {}) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      // Without these flags a pattern remembers nothing between two lines.
      const matcher = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
      const timer = setTimeout(() => waiter.giveUp(`it did not come within ${timeoutMs} ms`), timeoutMs);
      const waiter: LineWaiter = {
        see: (line) => {
          const match = matcher.exec(line);
          if (!match) return;
          leave();
          resolve(match);
        },
        giveUp: (reason) => {
          leave();
          reject(new LineNotSeenError(name, pattern, reason, [...lines]));
        },
      };
      const leave = (): void => {
        clearTimeout(timer);
        waiters.delete(waiter);
      };
      waiters.add(waiter);
      if (from === 'start') for (const line of lines) waiter.see(line);
      if (allRead && waiters.has(waiter)) waiter.giveUp('it had ended before');
    });

  return {
    name,
    pid,
    exited,
    waitForLine,
    get lines() {
      return [...lines];
    },
    get hasExited() {
      return hasExited;
    },
    kill: (signal = 'SIGTERM') => !hasExited && child.kill(signal),
  };
}

async function spawnError(child: NodeJS.EventEmitter): Promise<unknown> {
  const [error] = (await once(child, 'error').catch((reason: unknown) => [reason])) as unknown[];
  return error;
}

function killProcessGroup(groupId: number): void {
  try {
    process.kill(-groupId, 'SIGKILL');
  } catch {
    // ESRCH: nobody was left, which is the usual case.
  }
}
