import { trace } from '@opentelemetry/api';
import { getNumberFromEnv } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import { AlwaysOffSampler, AlwaysOnSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';
import type { TraceExportSettings } from '../export-settings.js';
import { encodedSpansExporter } from './encoded-spans-exporter.js';
import { LightTracer } from './light-tracer.js';
import { SpanBatches } from './span-batches.js';

/** A running {@link LightTracer}. */
interface LightTracing {
  readonly tracer: LightTracer;
  /** Exports what is left, and ends. */
  shutdown(): Promise<void>;
}

const SCOPE = 'tidewheel';
/** Variables of OpenTelemetry that ask for what a {@link LightTracer} has not. */
const BEYOND = /^OTEL_(SPAN_|ATTRIBUTE_|NODE_EXPERIMENTAL_SDK_METRICS)/;

/**
 * Starts a tracer that costs less than that of the OpenTelemetry SDK, unless the variables of OpenTelemetry ask for more
 * than it can do: other exporters than OTLP in protobuf over HTTP, samplers that do not follow the parent, limits of
 * spans.
 */
export function startLightTracing(
  env: NodeJS.ProcessEnv,
  { exporters, protocol }: TraceExportSettings,
  resource: Resource,
): LightTracing | undefined {
  const sampler = samplerOf(env);
  const isPlainOtlp = protocol === 'http/protobuf' && exporters.every((name) => name === 'otlp');
  if (!sampler || !isPlainOtlp || Object.keys(env).some((name) => BEYOND.test(name))) return undefined;
  const maxQueueSize = getNumberFromEnv('OTEL_BSP_MAX_QUEUE_SIZE') ?? 2_048;
  const maxExportBatchSize = getNumberFromEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE') ?? 512;
  const batches = new SpanBatches(encodedSpansExporter(resource, SCOPE), {
    maxExportBatchSize: Math.min(maxExportBatchSize, maxQueueSize),
    maxQueueSize,
    scheduledDelayMs: getNumberFromEnv('OTEL_BSP_SCHEDULE_DELAY') ?? 5_000,
    // Attributes of the host are found out in the background.
    ready: resource.waitForAsyncAttributes?.(),
  });
  const tracer = new LightTracer({
    full: trace.getTracer(SCOPE),
    sampler,
    ended: (span) => {
      batches.add(span);
    },
  });
  return { tracer, shutdown: () => batches.shutdown() };
}

/** Says which traces are kept that begin here; undefined when those that begin elsewhere are to be judged, too. */
function samplerOf(env: NodeJS.ProcessEnv): Sampler | undefined {
  switch (env['OTEL_TRACES_SAMPLER']?.trim() || 'parentbased_always_on') {
    case 'parentbased_always_on':
      return new AlwaysOnSampler();
    case 'parentbased_always_off':
      return new AlwaysOffSampler();
    case 'parentbased_traceidratio':
      return new TraceIdRatioBasedSampler(ratioOf(getNumberFromEnv('OTEL_TRACES_SAMPLER_ARG')));
    default:
      return undefined;
  }
}

/** As the SDK takes it: what is no ratio means all. */
function ratioOf(given: number | undefined): number {
  return given === undefined || given < 0 || given > 1 ? 1 : given;
}
