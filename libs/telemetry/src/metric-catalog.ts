import type { MetricOptions } from '@opentelemetry/api';

/** Name of the meter that everything of Tidewheel records with. */
export const METER_NAME = 'tidewheel';

interface CatalogEntry extends MetricOptions {
  readonly name: string;
}

/** Bounds of latency histograms, in seconds. */
const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];

/**
 * Every metric that is emitted, with the names that OpenTelemetry's conventions give it plus the unit, because
 * Prometheus wants that in the name.
 */
export const METRICS = {
  /** Attributes: `method`, `route` (the pattern, never the path), `status`. */
  httpRequestDuration: {
    name: 'http.server.request.duration.seconds',
    description: 'How long requests took, by method, route and status.',
    advice: { explicitBucketBoundaries: LATENCY_BOUNDS },
  },
  httpActiveRequests: {
    name: 'http.server.active_requests',
    description: 'Requests that are being answered, long polls included.',
  },
  processCpu: { name: 'process.cpu.time.seconds', description: 'Processor time used.' },
  processMemory: { name: 'process.memory.usage.bytes', description: 'Memory used, by kind.' },
  processUptime: { name: 'process.uptime.seconds', description: 'Time since the start.' },
  eventLoopDelay: {
    name: 'nodejs.eventloop.delay.seconds',
    description: 'How late the event loop was since the last look, by quantile.',
  },
  eventLoopUtilization: {
    name: 'nodejs.eventloop.utilization.ratio',
    description: 'Share of the time since the last look in which the event loop was busy.',
  },
} as const satisfies Readonly<Record<string, CatalogEntry>>;
