import { ConsoleMetricExporter, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { MetricProducer, PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { MetricExportSettings } from './export-settings.js';
import { withoutStaleGauges } from './without-stale-gauges.js';

/**
 * Readers that push metrics every so often. Endpoints, headers and the like are read by the exporters themselves.
 *
 * @param metricProducers what they read beside the metrics of the SDK
 */
export async function pushingReaders(
  settings: MetricExportSettings,
  metricProducers: MetricProducer[],
): Promise<PeriodicExportingMetricReader[]> {
  const { intervalMs, timeoutMs } = settings;
  const exporters = settings.exporters.map(async (name) =>
    name === 'console' ? new ConsoleMetricExporter() : await otlpExporter(settings),
  );
  return (await Promise.all(exporters)).map((exporter) =>
    withoutStaleGauges(
      new PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis: intervalMs,
        exportTimeoutMillis: timeoutMs,
        metricProducers,
      }),
    ),
  );
}

async function otlpExporter({ protocol }: MetricExportSettings): Promise<PushMetricExporter> {
  switch (protocol) {
    case 'grpc': {
      const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-grpc');
      return new OTLPMetricExporter();
    }
    case 'http/json': {
      const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-http');
      return new OTLPMetricExporter();
    }
    case 'http/protobuf': {
      const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
      return new OTLPMetricExporter();
    }
  }
}
