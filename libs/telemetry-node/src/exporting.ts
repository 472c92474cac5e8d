import { ExpressInstrumentation, ExpressLayerType } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { detectResources, envDetector, hostDetector, resourceFromAttributes } from '@opentelemetry/resources';
import type { MetricProducer, MetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { RunSpanIds, traceWith } from '@tidewheel/telemetry/instrumentation';
import { register } from 'node:module';
import { startLightTracing } from './spans/light-tracing.js';
import type { ExportSettings } from './export-settings.js';
import { pushingReaders } from './metric-readers.js';

/** What {@link startExporting} is told about the process. */
interface ExportingProcess {
  /** Name of the service unless OTEL_SERVICE_NAME says another one. */
  readonly service: string;
  readonly settings: ExportSettings;
  /** Reads metrics, too, without pushing them. */
  readonly metricReader: MetricReader;
  /** Metrics that readers read beside those of the SDK. */
  readonly metricProducers: MetricProducer[];
}

/** What {@link startExporting} has started. */
interface Exporting {
  /** Exports what is left, and ends. */
  shutdown(): Promise<void>;
}

/**
 * What the hook of modules may look at. It would make slow proxies of all that is loaded after it, this code included, where
 * only these are instrumented.
 */
const HOOKED_MODULES = ['express', 'ioredis', 'pino', 'http', 'https', 'node:http', 'node:https'];
/** Paths that are asked every few seconds by machines. */
const ROUTINE = /^\/(health|ready|metrics)(\?|$)/;

/**
 * Starts the OpenTelemetry SDK. It is in a file of its own, and loaded only when something is exported, because loading
 * it takes some hundred milliseconds and tens of megabytes.
 */
export async function startExporting({
  service,
  settings,
  metricReader,
  metricProducers,
}: ExportingProcess): Promise<Exporting> {
  const { traces } = settings;
  if (traces) registerHook();
  const pushing = settings.metrics ? await pushingReaders(settings.metrics, metricProducers) : [];
  // The detector of the process is left out: it tells the whole command line, where people put secrets.
  const resource = resourceFromAttributes({ 'service.name': service, 'process.pid': process.pid }).merge(
    detectResources({ detectors: [hostDetector, envDetector] }),
  );
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    metricReaders: [metricReader, ...pushing],
    logRecordProcessors: [],
    idGenerator: new RunSpanIds(),
    ...(traces ? { instrumentations: instrumentations() } : { spanProcessors: [] }),
  });
  sdk.start();
  const light = traces && startLightTracing(process.env, traces, resource);
  traceWith(light?.tracer);
  return {
    async shutdown() {
      traceWith(undefined);
      await Promise.all([light?.shutdown(), sdk.shutdown()]);
    },
  };
}

/**
 * Commands to Redis are spans within a request, an activity or a housekeeping job only, so that blocking reads, which
 * happen all the time, are none.
 */
function instrumentations() {
  return [
    new HttpInstrumentation({
      ignoreIncomingRequestHook: ({ url = '' }) => ROUTINE.test(url),
    }),
    new ExpressInstrumentation({ ignoreLayersType: [ExpressLayerType.MIDDLEWARE] }),
    new IORedisInstrumentation({
      requireParentSpan: true,
      // By default a span shows the key beside the command; keys hold ids of workflows, which may be anything.
      dbStatementSerializer: (command) => command,
    }),
    new PinoInstrumentation({ disableLogSending: true }),
  ];
}

function registerHook(): void {
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url, { data: { include: HOOKED_MODULES } });
}
