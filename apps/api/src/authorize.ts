/** Who asks for what, over HTTP or gRPC. */
export interface IncomingCall {
  /** A header of the request, or an entry of the call's metadata. */
  header(name: string): string | undefined;
  /** Undefined for what concerns no single namespace. */
  readonly namespace: string | undefined;
  /** Operation of the HTTP interface, for example `startWorkflow`, or method over gRPC: `StartWorkflowExecution`. */
  readonly operation: string;
}

/** Decides, for both interfaces, who may do what: lets a call pass, or throws an AccessRefusedError. */
export type Authorize = (call: IncomingCall) => void | Promise<void>;

/** A caller who did not say who they are, or may not do this. Thrown by an {@link Authorize}. */
export class AccessRefusedError extends Error {
  override readonly name = 'AccessRefusedError';

  constructor(
    readonly code: 'UNAUTHENTICATED' | 'PERMISSION_DENIED',
    message: string,
  ) {
    super(message);
  }
}

/** For deployments that are protected by their network. */
export const allowEveryone: Authorize = () => undefined;
