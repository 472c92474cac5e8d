import type {
  ExecutionKeys,
  Keyspace,
  Redis,
  RedisConnections,
  RunKeys,
  ScriptRunner,
} from '@tidewheel/store';
import type { NamespaceRegistry } from './namespace-registry.js';
import type { EngineMetrics } from './engine-metrics.js';
import type { Notices } from './notices.js';
import type { Placement } from './placement.js';
import type { RateLimits } from './rate-limit/rate-limits.js';
import type { WorkerRates } from './rate-limit/worker-rates.js';
import { workflowStreamName } from './worker-deployments/stream-names.js';
import type { DeploymentRegistry } from './worker-deployments/deployment-registry.js';

/** What a log line may carry beside its text. Payloads and secrets never do. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the engine says what it does; pino fits. */
export interface EngineLogger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Says nothing. */
export const SILENT_LOGGER: EngineLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** What every use-case of the engine works with. */
export interface EngineContext {
  readonly redis: Redis;
  /** Opens further connections. */
  readonly connections: RedisConnections;
  readonly run: ScriptRunner;
  readonly keys: Keyspace;
  readonly placement: Placement;
  readonly namespaces: NamespaceRegistry;
  readonly notices: Notices;
  readonly rateLimits: RateLimits;
  readonly workerRates: WorkerRates;
  readonly deployments: DeploymentRegistry;
  /** Written into events as who did it, when a request does not say. */
  readonly identity: string;
  /** Number of this process, by which its tasks tell whether it lived: 1 to 2^48. */
  readonly worker: number;
  /** Workers that may be lost in a row with one task before it is quarantined; 0: any number. */
  readonly quarantineAfter: number;
  readonly logger: EngineLogger;
  readonly metrics: EngineMetrics;
}

/** Keys of one run of an execution. */
export interface RunAddress extends ExecutionKeys, RunKeys {
  readonly runId: string;
}

/** All keys of a run. */
export function runAddress(context: EngineContext, execution: ExecutionKeys, runId: string): RunAddress {
  return { ...execution, ...context.keys.run(execution.partition, execution.workflowId, runId), runId };
}

/** What is known of a run before a script is called: where its workflow tasks go. */
export interface Route {
  readonly runId: string;
  readonly status: string;
  /** The task queue with its place behind it, as stored: which worker version the tasks go to. */
  readonly taskQueue: string;
  readonly sticky: string;
}

/** Reads the route of a workflow id's current run; undefined when there was never one. */
export async function readRoute(
  context: EngineContext,
  execution: ExecutionKeys,
): Promise<Route | undefined> {
  const [runId, status, taskQueue, sticky] = await context.redis.hmget(
    execution.execution,
    'r',
    's',
    'q',
    'k',
  );
  if (!runId) return undefined;
  return { runId, status: status ?? '', taskQueue: taskQueue ?? '', sticky: sticky ?? '' };
}

/** The streams of a route's workflow tasks. */
export function routeStreams(
  context: EngineContext,
  execution: Pick<ExecutionKeys, 'partition' | 'namespace' | 'workflowId'>,
  route: Pick<Route, 'taskQueue' | 'sticky'>,
): { readonly normalStreamKey: string; readonly stickyStreamKey: string } {
  const { partition, namespace } = execution;
  const name = workflowStreamName(context, execution, route.taskQueue);
  const normalStreamKey = context.keys.taskStream(partition, 'workflow', namespace, name);
  return {
    normalStreamKey,
    stickyStreamKey: route.sticky
      ? context.keys.stickyStream(partition, namespace, route.sticky)
      : normalStreamKey,
  };
}
