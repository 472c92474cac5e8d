import { findDurabilityFaults, openRedis } from '@tidewheel/store';
import { hidePassword } from '@tidewheel/telemetry';
import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.js';
import { within } from './within.js';

/** How to look at Redis before anything depends on it. */
interface PreflightOptions {
  readonly redisUrl: string;
  /** Whether a Redis that may lose acknowledged work is refused, not only reported. */
  readonly strict: boolean;
  /** How long to wait for Redis to answer. */
  readonly timeoutMs: number;
}

const OLDEST_SERVER = [6, 2] as const;
const DEFAULT_TIMEOUT_SECONDS = '60';

/**
 * Reads what follows `preflight` on the command line.
 *
 * @throws UsageError
 */
export function readPreflightArguments(args: readonly string[]): Omit<PreflightOptions, 'redisUrl'> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        strict: { type: 'boolean', default: false },
        'timeout-seconds': { type: 'string', default: DEFAULT_TIMEOUT_SECONDS },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const text = values['timeout-seconds'];
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (seconds === 0) {
    throw new UsageError(`--timeout-seconds: got "${text}"; allowed is a whole number from 1 to 9999`);
  }
  return { strict: values.strict, timeoutMs: seconds * 1_000 };
}

/**
 * Looks whether Redis answers, is new enough and keeps what was acknowledged, and says what it finds. Changes nothing
 * there. False when a deployment must not go on.
 */
export async function preflight(options: PreflightOptions, tell: (line: string) => void): Promise<boolean> {
  const shown = hidePassword(options.redisUrl);
  const redis = openRedis({ url: options.redisUrl, name: 'tidewheel:preflight' });
  let lastError = 'it did not answer';
  redis.on('error', (error: Error) => (lastError = error.message));
  try {
    tell(`waiting for Redis at ${shown}, ${options.timeoutMs / 1_000} s at most`);
    const info = await within(options.timeoutMs, redis.info('server'));
    if (info === undefined) {
      tell(
        `FAILED: no answer from ${shown}: ${lastError}; check the address, the password and the network policies`,
      );
      return false;
    }
    const version = /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1] ?? '';
    if (!isNewEnough(version)) {
      tell(
        `FAILED: the server says it is version "${version}"; needed is ${OLDEST_SERVER.join('.')} or newer`,
      );
      return false;
    }
    tell(`ok: version ${version}`);
    const findings = await findDurabilityFaults(redis);
    for (const { subject, actual, advice } of findings) {
      tell(`${options.strict ? 'FAILED' : 'warning'}: ${subject} is "${actual}": ${advice}`);
    }
    if (findings.length === 0) tell('ok: what was acknowledged is kept');
    return findings.length === 0 || !options.strict;
  } finally {
    redis.disconnect();
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor >= OLDEST_SERVER[1]);
}
