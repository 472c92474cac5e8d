import {
  identifierFault,
  InvalidArgumentError,
  LIMITS,
  MAX_DURATION_MS,
  payloadsSizeBytes,
  runIdFault,
} from '@tidewheel/core';
import type { PayloadMap, Payloads } from '@tidewheel/core';

/** @throws InvalidArgumentError naming the field, when the value is no sound id or name */
export function requireIdentifier(field: string, value: unknown): asserts value is string {
  const fault = identifierFault(value);
  if (fault) throw new InvalidArgumentError(field, fault);
}

/** @throws InvalidArgumentError when a run id is given and is none */
export function checkRunId(runId: string | undefined): void {
  if (runId === undefined) return;
  const fault = runIdFault(runId);
  if (fault) throw new InvalidArgumentError('runId', fault);
}

/** @throws InvalidArgumentError when the payloads are larger than the limit */
export function checkPayloads(field: string, payloads: Payloads | undefined): void {
  checkSize(field, payloadsSizeBytes(payloads), LIMITS.payloadBytes);
}

/** @throws InvalidArgumentError when the payloads of a map are larger than the limit */
export function checkPayloadMap(field: string, map: PayloadMap | undefined): void {
  if (map) checkSize(field, payloadsSizeBytes(Object.values(map)), LIMITS.memoBytes);
}

/** @throws InvalidArgumentError when the duration is negative, not finite or longer than `mostMs` */
export function checkDuration(field: string, ms: number | undefined, mostMs: number = MAX_DURATION_MS): void {
  if (ms === undefined || (Number.isFinite(ms) && ms >= 0 && ms <= mostMs)) return;
  throw new InvalidArgumentError(field, `must be between 0 and ${mostMs / 1_000} seconds`);
}

function checkSize(field: string, bytes: number, limit: number): void {
  if (bytes > limit) throw new InvalidArgumentError(field, `has ${bytes} bytes, the limit is ${limit}`);
}
