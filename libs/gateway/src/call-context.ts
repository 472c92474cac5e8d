import type { Metadata } from '@grpc/grpc-js';
import type { OperatorMethod, RequestOf, ResponseOf, WorkflowMethod } from './proto.js';

/** One call, beside its request. */
export interface CallContext {
  /**
   * Aborted when the caller has gone, its deadline has passed or the gateway is closing: stop waiting, and answer with
   * what there is.
   */
  readonly signal: AbortSignal;
  /** Whether {@link signal} is aborted; asking makes no signal. */
  readonly cancelled: boolean;
  /** When the caller stops waiting, milliseconds since the epoch; Infinity when it never does. */
  readonly deadlineMs: number;
  /** Name of the method, for example `StartWorkflowExecution`. */
  readonly method: string;
  readonly metadata: Metadata;
}

/** Answers one method. What it throws is sent as the status that {@link toServiceError} makes of it. */
export type Handler<Request, Response> = (request: Request, call: CallContext) => Promise<Response>;

/** Handlers by name of the method; methods without one are answered with UNIMPLEMENTED. */
export type MethodTable<Method extends string = WorkflowMethod> = {
  readonly [M in Method]?: Handler<RequestOf<M>, ResponseOf<M>>;
};

/** Handlers of Temporal's OperatorService. */
export type OperatorMethodTable = MethodTable<OperatorMethod>;
