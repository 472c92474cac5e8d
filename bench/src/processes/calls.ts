import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/** What can be asked of a process, by name. Arguments and answers are plain data. */
type Calls = Readonly<Record<string, (...args: never[]) => unknown>>;

interface CallMessage {
  readonly number: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface AnswerMessage {
  readonly number: number;
  readonly answer?: unknown;
  /** Stack or text of what the call threw. */
  readonly error?: string;
}

interface PendingCall {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** How a process of the bench is started. */
interface ControlledProcessOptions {
  /** How messages call it. */
  readonly name: string;
  /** Absolute path or `file:` URL of the compiled module it runs. */
  readonly module: string | URL;
  /** Arguments of Node.js itself, such as `--expose-gc`. */
  readonly nodeArgs?: readonly string[];
  /** The whole environment; default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Called for each piece of standard output. Without it the output goes nowhere. */
  readonly onOutput?: (text: string) => void;
}

/** No call of the bench takes longer by itself; a longer one is stuck. */
const CALL_TIMEOUT_MS = 120_000;

/**
 * A process that answers calls, seen from the bench. It ends when the bench ends, however that happens, because the
 * channel between the two closes then. Its standard error is that of the bench.
 */
export class ControlledProcess<C extends Calls> {
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, PendingCall>();
  private readonly exited: Promise<void>;
  private nextNumber = 1;

  constructor(private readonly options: ControlledProcessOptions) {
    const { module, nodeArgs = [], env = process.env, onOutput } = options;
    this.child = fork(module, {
      execArgv: [...nodeArgs],
      env,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.child.stdout?.on('data', (bytes: Buffer) => onOutput?.(bytes.toString()));
    this.child.on('message', (message) => this.settle(message as AnswerMessage));
    this.child.on('error', (error) => this.rejectAll(error.message));
    this.exited = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.rejectAll(`it ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`);
        resolve();
      });
    });
  }

  /**
   * Has the process do something and gives its answer.
   *
   * @param extraMs how long the call may take beyond the two minutes that any may
   * @throws Error when the call failed there, the process has ended, or time is up
   */
  async callWithin<K extends keyof C & string>(
    extraMs: number,
    name: K,
    ...args: Parameters<C[K]>
  ): Promise<Awaited<ReturnType<C[K]>>> {
    if (!this.child.connected)
      throw new Error(`${this.options.name} has ended and cannot be asked for ${name}`);
    const number = this.nextNumber++;
    const answered = new Promise<unknown>((resolve, reject) => this.pending.set(number, { resolve, reject }));
    const message: CallMessage = { number, name, args };
    this.child.send(message);
    const timer = setTimeout(
      () => this.settle({ number, error: `no answer to "${name}" in time` }),
      CALL_TIMEOUT_MS + extraMs,
    );
    try {
      return (await answered) as Awaited<ReturnType<C[K]>>;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Has the process do something that takes no more than two minutes. */
  call<K extends keyof C & string>(name: K, ...args: Parameters<C[K]>): Promise<Awaited<ReturnType<C[K]>>> {
    return this.callWithin(0, name, ...args);
  }

  /** Ends the process at once; settles when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  private settle({ number, answer, error }: AnswerMessage): void {
    const call = this.pending.get(number);
    this.pending.delete(number);
    if (error === undefined) call?.resolve(answer);
    else call?.reject(new Error(`${this.options.name}: ${error}`));
  }

  private rejectAll(error: string): void {
    for (const number of [...this.pending.keys()]) this.settle({ number, error });
  }
}

/** Answers the calls of the bench that started this process, and ends the process when the bench has gone. */
export function answerCalls(handlers: Calls): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    void answer(handlers, message as CallMessage).then((reply) => process.send?.(reply));
  });
}

async function answer(handlers: Calls, { number, name, args }: CallMessage): Promise<AnswerMessage> {
  try {
    const handler = handlers[name] as ((...args: unknown[]) => unknown) | undefined;
    if (!handler) throw new Error(`nobody answers "${name}" here`);
    return { number, answer: await handler(...args) };
  } catch (error) {
    return { number, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
