import type { HistoryEventOf, QueryAnswer } from '@tidewheel/core';
import { defaultFailureConverter, defaultPayloadConverter, fromPayloads } from '@tidewheel/common';
import type { WorkflowQuery } from './activation.js';
import type { Execution } from './execution.js';
import { describeWaiting } from './waiting.js';

/** What becomes of a signal handler that is still running when the workflow closes. */
export type HandlerUnfinishedPolicy = 'WARN_AND_ABANDON' | 'ABANDON';

type Handler = (...args: unknown[]) => unknown;

interface SignalHandler {
  readonly handler: Handler;
  readonly unfinishedPolicy: HandlerUnfinishedPolicy;
}

interface BufferedSignal {
  readonly name: string;
  readonly args: unknown[];
}

/** Gets every signal that has no handler of its own. */
export type DefaultSignalHandler = (signalName: string, ...args: unknown[]) => void | Promise<void>;

/** Signal and query handlers of one execution, and the signals that wait for a handler. */
export class MessageHandlers {
  private readonly signalHandlers = new Map<string, SignalHandler>();
  private readonly queryHandlers = new Map<string, Handler>();
  private defaultSignalHandler: DefaultSignalHandler | undefined;
  private buffered: BufferedSignal[] = [];
  /** Signal handlers that have not returned, by the names of their signals. */
  private readonly running = new Map<{ readonly name: string }, HandlerUnfinishedPolicy>();

  constructor(private readonly execution: Execution) {}

  setSignalHandler(name: string, handler: Handler | undefined, policy: HandlerUnfinishedPolicy): void {
    if (!handler) {
      this.signalHandlers.delete(name);
      return;
    }
    this.signalHandlers.set(name, { handler, unfinishedPolicy: policy });
    this.deliverBuffered();
  }

  setDefaultSignalHandler(handler: DefaultSignalHandler | undefined): void {
    this.defaultSignalHandler = handler;
    this.deliverBuffered();
  }

  setQueryHandler(name: string, handler: Handler | undefined): void {
    if (handler) this.queryHandlers.set(name, handler);
    else this.queryHandlers.delete(name);
  }

  /** Whether no signal handler is running. */
  get allFinished(): boolean {
    return this.running.size === 0;
  }

  /** Signals whose handlers are running although nobody said that this may be. */
  get unfinishedSignals(): string[] {
    return [...this.running].filter(([, policy]) => policy === 'WARN_AND_ABANDON').map(([{ name }]) => name);
  }

  /** Calls the signal's handler, or keeps the signal until there is one. */
  signal(event: HistoryEventOf<'WorkflowExecutionSignaled'>): void {
    const { signalName, input } = event.attributes;
    const signal = { name: signalName, args: fromPayloads(defaultPayloadConverter, input) };
    if (this.canDeliver(signal)) this.deliver(signal);
    else this.buffered.push(signal);
  }

  /** Answers a query; handlers may not change anything, nor wait. */
  answer(query: WorkflowQuery): QueryAnswer {
    try {
      const handler = this.queryHandlers.get(query.queryType) ?? this.builtInHandler(query.queryType);
      if (!handler) throw new ReferenceError(this.unknownQueryMessage(query.queryType));
      const result = handler(...fromPayloads(defaultPayloadConverter, query.args));
      if (result instanceof Promise) {
        result.catch(() => undefined);
        this.execution.isTainted = true;
        throw new TypeError(
          `the handler of query "${query.queryType}" returned a promise: it must not be async`,
        );
      }
      return { answered: true, result: defaultPayloadConverter.toPayload(result) };
    } catch (error) {
      const failure = defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);
      return { answered: false, errorMessage: failure.message, failure };
    }
  }

  private builtInHandler(queryType: string): Handler | undefined {
    return queryType === '__stack_trace' ? () => describeWaiting(this.execution) : undefined;
  }

  private unknownQueryMessage(queryType: string): string {
    const names = [...this.queryHandlers.keys()].filter((name) => !name.startsWith('__')).join(', ');
    return `Workflow did not register a handler for ${queryType}. Registered queries: [${names}]`;
  }

  private canDeliver({ name }: BufferedSignal): boolean {
    return this.signalHandlers.has(name) || this.defaultSignalHandler !== undefined;
  }

  private deliverBuffered(): void {
    if (this.buffered.length === 0) return;
    const deliverable = this.buffered.filter((signal) => this.canDeliver(signal));
    this.buffered = this.buffered.filter((signal) => !deliverable.includes(signal));
    for (const signal of deliverable) this.deliver(signal);
  }

  private deliver(signal: BufferedSignal): void {
    const own = this.signalHandlers.get(signal.name);
    const fallback = this.defaultSignalHandler;
    const run = { name: signal.name };
    this.running.set(run, own?.unfinishedPolicy ?? 'WARN_AND_ABANDON');
    // eslint-disable-next-line @typescript-eslint/require-await -- async turns what it throws into a rejection
    const handle = async (): Promise<unknown> =>
      own ? own.handler(...signal.args) : fallback?.(signal.name, ...signal.args);
    handle().then(
      () => this.running.delete(run),
      (error: unknown) => {
        this.running.delete(run);
        this.execution.fail(error);
      },
    );
  }
}
