import { makeHistogram, makeUpDownCounter } from './instruments.js';
import { METRICS } from './metric-catalog.js';

/** Counts and times requests of an HTTP server. */
export interface HttpMetrics {
  /** Call it when a request has come in, and what it returns when the request was answered or given up. */
  begin(): (answer: HttpAnswer) => void;
}

/** What is recorded of an answered request. */
export interface HttpAnswer {
  readonly method: string;
  /** Pattern of the route, such as `/api/v1/namespaces/{namespace}`; `unmatched` when there was none. */
  readonly route: string;
  readonly status: number;
}

/** Records with the meter that is registered with the OpenTelemetry API; without one it does nothing. */
export function httpMetrics(): HttpMetrics {
  const duration = makeHistogram(METRICS.httpRequestDuration);
  const active = makeUpDownCounter(METRICS.httpActiveRequests);
  return {
    begin() {
      const startedMs = performance.now();
      active.add(1);
      return ({ method, route, status }) => {
        active.add(-1);
        duration.record((performance.now() - startedMs) / 1_000, { method, route, status });
      };
    },
  };
}
