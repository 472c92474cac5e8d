import { status } from '@grpc/grpc-js';
import type { Metadata, MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type { EngineLogger } from '@tidewheel/engine';
import type { Handler } from './call-context.js';
import { GatewayError, isRefusal, statusNameOf } from './errors.js';
import type { UnaryCall, UnaryMethod } from './transport/unary-call.js';

/** Who asks for what, as far as it can be known before the method looks at its request. */
export interface AuthorizedCall {
  readonly metadata: Metadata;
  /** Undefined for methods that concern no single namespace. */
  readonly namespace: string | undefined;
  /** Name of the method, for example `StartWorkflowExecution`. */
  readonly method: string;
}

/** Lets a call pass, or throws what {@link accessRefused} makes. */
export type Authorize = (call: AuthorizedCall) => void | Promise<void>;

/**
 * Stands between calls and the engine, for example to refuse them while Redis is away.
 *
 * @param waitMs how long the call may wait on purpose
 */
export type Guard = <T>(ask: () => Promise<T>, waitMs: number) => Promise<T>;

/**
 * Hears of each call that was answered.
 *
 * @param code what it was refused with, as gRPC calls it, for example `NOT_FOUND`; undefined when it was not
 */
export type CallObserver = (method: string, durationMs: number, code: string | undefined) => void;

/** What every call goes through. */
export interface Dispatch {
  readonly authorize: Authorize;
  readonly guard: Guard;
  readonly observe: CallObserver;
  readonly logger: EngineLogger;
  readonly calls: CallsUnderWay;
}

/** Something that is told when it need not be waited for any more. */
interface Cancellable {
  cancel(): void;
}

/**
 * The calls that are being answered. When the gateway closes, they are told to stop waiting, and further ones are
 * refused: their callers go elsewhere or try again.
 */
export class CallsUnderWay {
  private readonly calls = new Set<Cancellable>();
  private emptied: (() => void) | undefined;

  /** @throws GatewayError UNAVAILABLE when the gateway is closing */
  begin(call: Cancellable): void {
    if (this.emptied) throw new GatewayError(status.UNAVAILABLE, 'the server is shutting down');
    this.calls.add(call);
  }

  end(call: Cancellable): void {
    this.calls.delete(call);
    if (this.calls.size === 0) this.emptied?.();
  }

  /** Resolves when all calls are answered. */
  async close(): Promise<void> {
    const emptied = new Promise<void>((resolve) => (this.emptied = resolve));
    if (this.calls.size === 0) return;
    for (const call of this.calls) call.cancel();
    await emptied;
  }
}

/** Calls without a deadline are taken to wait this long at most: longer than any long poll. */
const LONGEST_WAIT_MS = 70_000;

/** A handler as the table of methods has it, its types forgotten: requests and answers are decoded by their method. */
type AnyHandler = Handler<object, object>;

/** The methods of a service that there are handlers for. */
export function unaryMethods(
  definition: ServiceDefinition,
  handlers: Readonly<Record<string, unknown>>,
  dispatch: Dispatch,
): UnaryMethod[] {
  return Object.entries(handlers).map(([name, handler]) => {
    const method = definition[name] as MethodDefinition<object, object> | undefined;
    if (!method) throw new Error(`the service has no method ${name}`);
    return {
      name,
      path: method.path,
      answer: (message, call) => answer(message, call, method, handler as AnyHandler, dispatch),
    };
  });
}

async function answer(
  message: Buffer,
  call: UnaryCall,
  method: MethodDefinition<object, object>,
  handler: AnyHandler,
  { authorize, guard, observe, calls, logger }: Dispatch,
): Promise<Uint8Array> {
  const beganMs = performance.now();
  let code: string | undefined;
  const request = decoded(message, method, call);
  calls.begin(call);
  try {
    await authorize(authorizedCall(request, call));
    const waitMs = Math.min(Math.max(0, call.deadlineMs - Date.now()), LONGEST_WAIT_MS);
    return method.responseSerialize(await guard(() => handler(request, call), waitMs));
  } catch (error) {
    code = statusNameOf(error);
    if (!isRefusal(error)) logger.error({ err: error, method: call.method }, 'a call failed unexpectedly');
    throw error;
  } finally {
    calls.end(call);
    observe(call.method, performance.now() - beganMs, code);
  }
}

function decoded(message: Buffer, method: MethodDefinition<object, object>, call: UnaryCall): object {
  try {
    return method.requestDeserialize(message);
  } catch (error) {
    throw new GatewayError(status.INTERNAL, `not a request of ${call.method}: ${String(error)}`);
  }
}

/** What may be asked of a call, of which most is asked only where access is restricted. */
function authorizedCall(request: object, call: UnaryCall): AuthorizedCall {
  return {
    get metadata() {
      return call.metadata;
    },
    namespace: namespaceOf(request),
    method: call.method,
  };
}

function namespaceOf(request: object): string | undefined {
  const namespace = 'namespace' in request ? request.namespace : undefined;
  return typeof namespace === 'string' && namespace !== '' ? namespace : undefined;
}
