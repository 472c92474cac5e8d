import { LATENCY_BOUNDS } from './metric-definition.js';
import type { MetricTable } from './metric-definition.js';

/** Metrics of any process and of HTTP servers; their names are those of OpenTelemetry's conventions, and the unit. */
export const PROCESS_METRICS = {
  httpRequestDuration: {
    name: 'http.server.request.duration.seconds',
    kind: 'histogram',
    unit: 's',
    description: 'How long requests took, long polls included.',
    source: 'api',
    attributes: {
      method: 'HTTP method.',
      route: 'Pattern of the path, such as `/api/v1/namespaces/{namespace}`; `unmatched` when there is none.',
      status: 'HTTP status; 499 when the client went away before the answer.',
    },
    bounds: LATENCY_BOUNDS,
  },
  httpActiveRequests: {
    name: 'http.server.active_requests',
    kind: 'gauge',
    unit: '{request}',
    description: 'Requests that are being answered, long polls included.',
    source: 'api',
    attributes: {},
  },
  processCpu: {
    name: 'process.cpu.time.seconds',
    kind: 'counter',
    unit: 's',
    description: 'Processor time used.',
    source: 'every process',
    attributes: { mode: '`user` or `system`.' },
  },
  processMemory: {
    name: 'process.memory.usage.bytes',
    kind: 'gauge',
    unit: 'By',
    description: 'Memory used.',
    source: 'every process',
    attributes: { kind: '`rss`, `heapUsed`, `heapTotal` or `external`.' },
  },
  processUptime: {
    name: 'process.uptime.seconds',
    kind: 'gauge',
    unit: 's',
    description: 'Time since the start.',
    source: 'every process',
    attributes: {},
  },
  eventLoopDelay: {
    name: 'nodejs.eventloop.delay.seconds',
    kind: 'gauge',
    unit: 's',
    description: 'How late the event loop was since the last look.',
    source: 'every process',
    attributes: { quantile: '`0.50`, `0.99` or `1`.' },
  },
  eventLoopUtilization: {
    name: 'nodejs.eventloop.utilization.ratio',
    kind: 'gauge',
    unit: '1',
    description: 'Share of the time since the last look in which the event loop was busy.',
    source: 'every process',
    attributes: {},
  },
} as const satisfies MetricTable;
