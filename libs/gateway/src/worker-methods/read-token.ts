import type { EngineContext } from '@tidewheel/engine';
import { tokenRefusal } from '../token-refusal.js';

/** A request about the task that a token stands for. */
export interface TokenRequest {
  readonly taskToken?: Uint8Array | null;
  readonly namespace?: string | null;
}

/**
 * The token of a request. A token that is good names a namespace that is there; with any other, the first thing to tell is
 * whether the request's namespace is.
 */
export async function readToken<Token>(
  { namespaces }: EngineContext,
  request: TokenRequest,
  decode: (bytes: Uint8Array, namespace: string) => Token,
): Promise<Token> {
  const namespace = request.namespace ?? '';
  try {
    return decode(request.taskToken ?? new Uint8Array(0), namespace);
  } catch (error) {
    if (namespace !== '') await namespaces.require(namespace);
    throw tokenRefusal(error);
  }
}
