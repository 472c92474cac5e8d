import { status } from '@grpc/grpc-js';
import { GatewayError } from '../errors.js';

const MS_OF_UNIT: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};
/** About what a timer can wait at the longest: 24 days. */
const LONGEST_MS = 2_147_000_000;

/**
 * How long the caller waits, from the value of `grpc-timeout`: up to eight digits and a unit.
 *
 * @returns milliseconds; Infinity when nothing is said
 * @throws GatewayError INTERNAL when it is none
 */
export function timeoutMs(header: string | string[] | undefined): number {
  if (header === undefined) return Infinity;
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(header.toString()) ?? [];
  if (digits === undefined)
    throw new GatewayError(status.INTERNAL, `Invalid grpc-timeout value "${header.toString()}"`);
  return Math.min(Math.floor(Number(digits) * (MS_OF_UNIT[unit] ?? 1)), LONGEST_MS);
}
