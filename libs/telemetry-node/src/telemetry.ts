import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { observeProcess } from '@tidewheel/telemetry';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Running telemetry of a process. */
export interface Telemetry {
  /** Answers a request with all metrics in Prometheus' text format. */
  readonly answerMetrics: (request: IncomingMessage, response: ServerResponse) => void;
  /** Ends collecting, and takes the meter provider away from the OpenTelemetry API. */
  stop(): Promise<void>;
}

/**
 * Registers a meter provider with the OpenTelemetry API, so that what the libraries record from now on is collected,
 * and observes the process itself. Call it once, before anything asks for a meter.
 */
export function startTelemetry(): Telemetry {
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  const provider = new MeterProvider({ readers: [exporter] });
  metrics.setGlobalMeterProvider(provider);
  const stopObserving = observeProcess();
  return {
    answerMetrics: (request, response) => exporter.getMetricsRequestHandler(request, response),
    async stop() {
      stopObserving();
      metrics.disable();
      await provider.shutdown();
    },
  };
}
