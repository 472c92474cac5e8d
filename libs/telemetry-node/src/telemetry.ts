import { metrics, propagation, trace, context } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { observeProcess } from '@tidewheel/telemetry/instrumentation';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readExportSettings } from './export-settings.js';
import { KeptHistogramProducer } from './kept-histogram-producer.js';
import { withoutStaleGauges } from './without-stale-gauges.js';

/** Running telemetry of a process. */
export interface Telemetry {
  /** Answers a request with all metrics in Prometheus' text format. */
  readonly answerMetrics: (request: IncomingMessage, response: ServerResponse) => void;
  /** Exports what is left, ends collecting, and takes the providers away from the OpenTelemetry API. */
  stop(): Promise<void>;
}

/** What {@link startTelemetry} takes. */
export interface TelemetryOptions {
  /** Name of the service in what is exported, unless OTEL_SERVICE_NAME says another one. */
  readonly service: string;
}

/** How long what is left may take to be exported; a collector that is away must not keep a process. */
const FLUSH_LIMIT_MS = 3_000;

/**
 * Registers providers with the OpenTelemetry API, so that what the libraries record from now on is collected, and
 * observes the process itself. Metrics can always be scraped; spans and metrics are exported as the standard variables
 * of OpenTelemetry say, and when these say nothing, the SDK is not even loaded.
 *
 * Call it once and before the modules are loaded that it instruments: http, express, ioredis and pino. This module and
 * what it imports load none of them.
 *
 * @throws ExportSettingsError
 */
export async function startTelemetry({ service }: TelemetryOptions): Promise<Telemetry> {
  const settings = readExportSettings(process.env);
  const producer = new KeptHistogramProducer();
  const prometheus = withoutStaleGauges(
    new PrometheusExporter({
      preventServerStart: true,
      withoutScopeInfo: true,
      withoutTargetInfo: true,
      metricProducers: [producer],
    }),
  );
  const running =
    settings.traces || settings.metrics
      ? await (
          await import('./exporting.js')
        ).startExporting({ service, settings, metricReader: prometheus, metricProducers: [producer] })
      : collectOnly(prometheus);
  if (settings.metrics?.isPlain !== false) producer.start();
  const stopObserving = observeProcess();
  return {
    answerMetrics: (request, response) => prometheus.getMetricsRequestHandler(request, response),
    async stop() {
      stopObserving();
      await atMost(FLUSH_LIMIT_MS, running.shutdown());
      for (const api of [metrics, trace, propagation, context]) api.disable();
    },
  };
}

function collectOnly(reader: PrometheusExporter): MeterProvider {
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  return provider;
}

async function atMost(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  // What could not be exported is told by the SDK's own diagnostics, and is no reason to end in disorder.
  await Promise.race([work.catch(() => undefined), limit]);
  clearTimeout(timer);
}
