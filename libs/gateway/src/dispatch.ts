import { status } from '@grpc/grpc-js';
import type {
  handleUnaryCall,
  Metadata,
  ServerUnaryCall,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { EngineLogger } from '@tidewheel/engine';
import type { CallContext, Handler } from './call-context.js';
import { GatewayError, isRefusal, toServiceError } from './errors.js';

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

/** What every call goes through. */
export interface Dispatch {
  readonly authorize: Authorize;
  readonly guard: Guard;
  readonly logger: EngineLogger;
  readonly calls: CallsUnderWay;
}

/**
 * The calls that are being answered. When the gateway closes, they are told to stop waiting, and further ones are
 * refused: their callers go elsewhere or try again.
 */
export class CallsUnderWay {
  private readonly calls = new Set<AbortController>();
  private emptied: (() => void) | undefined;

  /**
   * What to abort when the call need not be answered any more, and to give to {@link end} when it is.
   *
   * @throws GatewayError UNAVAILABLE when the gateway is closing
   */
  begin(): AbortController {
    if (this.emptied) throw new GatewayError(status.UNAVAILABLE, 'the server is shutting down');
    const call = new AbortController();
    this.calls.add(call);
    return call;
  }

  end(call: AbortController): void {
    this.calls.delete(call);
    if (this.calls.size === 0) this.emptied?.();
  }

  /** Resolves when all calls are answered. */
  async close(): Promise<void> {
    const emptied = new Promise<void>((resolve) => (this.emptied = resolve));
    if (this.calls.size === 0) return;
    for (const call of this.calls) call.abort();
    await emptied;
  }
}

/** Why a call is given up; made once, as a reason made for each call records a stack. */
const CANCELLED = new Error('the call was cancelled');

/** Calls without a deadline are taken to wait this long at most: longer than any long poll. */
const LONGEST_WAIT_MS = 70_000;

/** A handler as the table of methods has it, its types forgotten: requests and answers are decoded by their method. */
type AnyHandler = Handler<object, object>;

/** Handlers of a service as grpc-js wants them. Methods without one are answered by it with UNIMPLEMENTED. */
export function implementService(
  definition: ServiceDefinition,
  methods: Readonly<Record<string, unknown>>,
  dispatch: Dispatch,
): UntypedServiceImplementation {
  const implementation: UntypedServiceImplementation = {};
  for (const [name, handler] of Object.entries(methods)) {
    if (!definition[name]) throw new Error(`the service has no method ${name}`);
    implementation[name] = unary(name, handler as AnyHandler, dispatch);
  }
  return implementation;
}

function unary(method: string, handler: AnyHandler, dispatch: Dispatch): handleUnaryCall<object, object> {
  return (call, respond) => {
    void answer(call, method, handler, dispatch).then(
      (response) => respond(null, response),
      (error: unknown) => {
        if (!isRefusal(error)) dispatch.logger.error({ err: error, method }, 'a call failed unexpectedly');
        respond(toServiceError(error));
      },
    );
  };
}

async function answer(
  call: ServerUnaryCall<object, object>,
  method: string,
  handler: AnyHandler,
  { authorize, guard, calls }: Dispatch,
): Promise<object> {
  const { metadata, request } = call;
  const underWay = calls.begin();
  const cancel = (): void => underWay.abort(CANCELLED);
  call.on('cancelled', cancel);
  try {
    await authorize({ metadata, namespace: namespaceOf(request), method });
    const deadlineMs = Number(call.getDeadline());
    const context: CallContext = { signal: underWay.signal, deadlineMs, method, metadata };
    const waitMs = Math.min(Math.max(0, deadlineMs - Date.now()), LONGEST_WAIT_MS);
    return await guard(() => handler(request, context), waitMs);
  } finally {
    // Every call is told that it is cancelled once it has been answered.
    call.off('cancelled', cancel);
    calls.end(underWay);
  }
}

function namespaceOf(request: object): string | undefined {
  const namespace = 'namespace' in request ? request.namespace : undefined;
  return typeof namespace === 'string' && namespace !== '' ? namespace : undefined;
}
