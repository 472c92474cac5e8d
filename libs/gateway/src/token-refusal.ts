import { status } from '@grpc/grpc-js';
import { InvalidArgumentError } from '@tidewheel/core';
import { GatewayError } from './errors.js';

/** What a caller is told whose token is none: the words that clients of Temporal know. Other errors stay as they are. */
export function tokenRefusal(error: unknown): unknown {
  return error instanceof InvalidArgumentError
    ? new GatewayError(status.INVALID_ARGUMENT, error.reason)
    : error;
}
