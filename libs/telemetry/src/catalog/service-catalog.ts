import { LATENCY_BOUNDS, NAMESPACE } from './metric-definition.js';
import type { MetricTable } from './metric-definition.js';

const OPERATION = {
  operation: 'Operation of the REST contract, such as `startWorkflow`, or method of gRPC.',
  transport: '`rest` or `grpc`.',
} as const;

/** Metrics of requests, called as Temporal's servers call them, whichever way the requests come. */
export const SERVICE_METRICS = {
  serviceRequests: {
    name: 'tidewheel_service_requests',
    kind: 'counter',
    unit: '{request}',
    description: 'Requests that were answered, long polls and refusals included.',
    source: 'api',
    attributes: OPERATION,
  },
  serviceLatency: {
    name: 'tidewheel_service_latency_seconds',
    kind: 'histogram',
    unit: 's',
    description: 'How long requests took, long polls included.',
    source: 'api',
    attributes: OPERATION,
    bounds: LATENCY_BOUNDS,
  },
  serviceErrors: {
    name: 'tidewheel_service_errors',
    kind: 'counter',
    unit: '{request}',
    description: 'Requests that were refused or failed.',
    source: 'api',
    attributes: {
      ...OPERATION,
      error_type:
        'Code of the problem (REST) or name of the status (gRPC); `CANCELLED` when the client went away.',
    },
  },
} as const satisfies MetricTable;

/** Metrics of what is in Redis and of what it does. Every API process shows the same of Redis itself. */
export const REDIS_METRICS = {
  redisCommandCalls: {
    name: 'tidewheel_redis_command_calls',
    kind: 'counter',
    unit: '{call}',
    description:
      'Calls of a command since Redis started, whoever made them; those within scripts count by themselves.',
    source: 'api',
    attributes: { command: 'Name of the command, for example `evalsha`, which runs scripts.' },
  },
  redisCommandTime: {
    name: 'tidewheel_redis_command_seconds',
    kind: 'counter',
    unit: 's',
    description: 'Time that Redis spent on a command since it started: with `evalsha`, on scripts.',
    source: 'api',
    attributes: { command: 'Name of the command.' },
  },
  redisMemory: {
    name: 'tidewheel_redis_memory_bytes',
    kind: 'gauge',
    unit: 'By',
    description: 'Memory that Redis uses, of all primaries together.',
    source: 'api',
    attributes: {},
  },
  namespaceMemory: {
    name: 'tidewheel_namespace_memory_bytes',
    kind: 'gauge',
    unit: 'By',
    description:
      'Estimated memory of executions, their histories and their indexes, from a sample that is taken once a minute by API ' +
      'processes that do background work.',
    source: 'api',
    attributes: { ...NAMESPACE, kind: '`running` or `closed`.' },
  },
} as const satisfies MetricTable;

/** Metrics of a process' connections. */
export const CONNECTION_METRICS = {
  blockingConnectionAge: {
    name: 'tidewheel_blocking_connection_age_seconds',
    kind: 'gauge',
    unit: 's',
    description:
      'How long ago the latest reply came on the most silent of the connections for blocking reads, while one is due; ' +
      'at most about three when all is well.',
    source: 'every process',
    attributes: { connection: 'What the reads are for: `tasks` or `notices`.' },
  },
} as const satisfies MetricTable;
