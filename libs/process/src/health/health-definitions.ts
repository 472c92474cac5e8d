import { durationToMs, formatDuration } from '@tidewheel/core';
import { pathToFileURL } from 'node:url';

/** Looks at something a worker's activities need. It throws, or rejects, when that is not well; what it returns is ignored. */
export type HealthFunction = (context: {
  /** Aborted when the check has taken too long. */
  readonly signal: AbortSignal;
}) => unknown;

/** A check with times of its own. */
export interface HealthDefinition {
  readonly check: HealthFunction;
  /** How often it is looked at; default `10s`. */
  readonly interval?: string | number;
  /** How long a look may take before it counts as failed; default `2s`. */
  readonly timeout?: string | number;
}

/** What a module of health checks exports as `healthChecks`: checks by name. */
export type HealthDefinitions = Readonly<Record<string, HealthFunction | HealthDefinition>>;

/** A check that is ready to be run. */
export interface UserCheck {
  readonly name: string;
  readonly check: HealthFunction;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** A module whose health checks cannot be run; one line for each fault. Thrown by {@link loadUserChecks}. */
export class HealthModuleError extends Error {
  override readonly name = 'HealthModuleError';
}

const DEFAULT_INTERVAL = '10s';
const DEFAULT_TIMEOUT = '2s';
const SHORTEST_MS = 100;
const LONGEST_MS = 3_600_000;
const KEYS = ['check', 'interval', 'timeout'];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** The process' own checks. */
const TAKEN = ['redis', 'scripts', 'partitions', 'durability', 'notices', 'started', 'polls', 'running'];

/**
 * Imports the health checks of modules: ES modules or CommonJS, compiled to JavaScript.
 *
 * @param paths modules that may export `healthChecks`
 * @param mustExport modules among them that are there for nothing else
 * @throws HealthModuleError naming everything that is wrong
 */
export async function loadUserChecks(
  paths: readonly string[],
  mustExport: readonly string[] = [],
): Promise<UserCheck[]> {
  const faults: string[] = [];
  const checks = new Map<string, UserCheck>();
  for (const path of new Set([...paths, ...mustExport])) {
    const exported = (await import(pathToFileURL(path).href)) as { readonly healthChecks?: unknown };
    const { healthChecks } = exported;
    if (healthChecks === undefined && !mustExport.includes(path)) continue;
    if (typeof healthChecks !== 'object' || healthChecks === null) {
      faults.push(`${path}: exports no object "healthChecks"; allowed is one with functions by name`);
      continue;
    }
    for (const [name, definition] of Object.entries(healthChecks)) {
      const check = readDefinition(name, definition, (fault) => faults.push(`${path}: ${fault}`));
      if (checks.has(name)) faults.push(`${path}: defines the health check "${name}" again`);
      checks.set(name, check);
    }
  }
  if (faults.length > 0) throw new HealthModuleError(faults.join('\n'));
  return [...checks.values()];
}

function readDefinition(name: string, definition: unknown, tell: (fault: string) => void): UserCheck {
  const of = (key: string): string => `healthChecks.${name}${key === '' ? '' : `.${key}`}`;
  if (!NAME.test(name) || TAKEN.includes(name)) {
    tell(
      `${of('')}: allowed as a name are 1 to 100 letters, digits, ".", "_" and "-", but not ${TAKEN.join(', ')}`,
    );
  }
  const parts = (typeof definition === 'function' ? { check: definition } : definition) as
    Record<string, unknown> | null | undefined;
  const check = parts?.['check'];
  if (typeof check !== 'function') {
    tell(`${of('')}: allowed is a function, or an object with a function "check"`);
  }
  for (const key of Object.keys(parts ?? {})) {
    if (!KEYS.includes(key)) tell(`${of(key)}: is not known; allowed are ${KEYS.join(', ')}`);
  }
  const time = (key: string, fallback: string): number => {
    const value = parts?.[key] ?? fallback;
    const ms = readDuration(value);
    if (ms !== undefined) return ms;
    const range = `from ${formatDuration(SHORTEST_MS)} to ${formatDuration(LONGEST_MS)}`;
    tell(`${of(key)}: got ${JSON.stringify(value)}; allowed is a duration such as "10s" ${range}`);
    return 0;
  };
  return {
    name,
    // Whoever is told of a fault does not run it.
    check: check as HealthFunction,
    intervalMs: time('interval', DEFAULT_INTERVAL),
    timeoutMs: time('timeout', DEFAULT_TIMEOUT),
  };
}

function readDuration(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  try {
    const ms = durationToMs(value);
    return ms >= SHORTEST_MS && ms <= LONGEST_MS ? ms : undefined;
  } catch {
    return undefined;
  }
}
