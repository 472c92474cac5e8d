import type { QueryDefinition, SignalDefinition } from '@tidewheel/common';
import { currentExecution, mutableExecution } from './execution/current-execution.js';
import type { DefaultSignalHandler, HandlerUnfinishedPolicy } from './execution/message-handlers.js';

/** What may be said with a handler. */
export interface SignalHandlerOptions {
  description?: string;
  /** What becomes of the handler when the workflow closes while it runs. Default: `WARN_AND_ABANDON`. */
  unfinishedPolicy?: HandlerUnfinishedPolicy;
}

/** What may be said with a query handler. */
export interface QueryHandlerOptions {
  description?: string;
}

type SignalHandler<Args extends unknown[]> = (...args: Args) => void | Promise<void>;
type QueryHandler<Ret, Args extends unknown[]> = (...args: Args) => Ret;

/**
 * Names a signal and the types of its arguments, for {@link setHandler} and for clients.
 *
 * @example
 * ```ts
 * export const approve = defineSignal<[approver: string]>('approve');
 * ```
 */
export function defineSignal<Args extends unknown[] = [], Name extends string = string>(
  name: Name,
): SignalDefinition<Args, Name> {
  return { type: 'signal', name };
}

/** Names a query with the types of its answer and arguments, for {@link setHandler} and for clients. */
export function defineQuery<Ret, Args extends unknown[] = [], Name extends string = string>(
  name: Name,
): QueryDefinition<Ret, Args, Name> {
  return { type: 'query', name };
}

/**
 * Sets, replaces or (with `undefined`) removes the handler of a signal or query. Signals that came before their handler
 * are handed to it at once. A query handler must neither wait nor change anything.
 */
export function setHandler<Args extends unknown[]>(
  definition: SignalDefinition<Args>,
  handler: SignalHandler<Args> | undefined,
  options?: SignalHandlerOptions,
): void;
export function setHandler<Ret, Args extends unknown[]>(
  definition: QueryDefinition<Ret, Args>,
  handler: QueryHandler<Ret, Args> | undefined,
  options?: QueryHandlerOptions,
): void;
export function setHandler(
  definition: SignalDefinition<unknown[]> | QueryDefinition<unknown, unknown[]>,
  handler: ((...args: unknown[]) => unknown) | undefined,
  options: SignalHandlerOptions = {},
): void {
  const { messages } = mutableExecution('setHandler()');
  if (definition.type === 'signal') {
    messages.setSignalHandler(definition.name, handler, options.unfinishedPolicy ?? 'WARN_AND_ABANDON');
  } else {
    messages.setQueryHandler(definition.name, handler);
  }
}

/** Sets or (with `undefined`) removes the handler of signals that have none of their own. */
export function setDefaultSignalHandler(handler: DefaultSignalHandler | undefined): void {
  mutableExecution('setDefaultSignalHandler()').messages.setDefaultSignalHandler(handler);
}

/** Whether no signal handler is running: wait for it before returning from the workflow. */
export function allHandlersFinished(): boolean {
  return currentExecution('allHandlersFinished()').messages.allFinished;
}
