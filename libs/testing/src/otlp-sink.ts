import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it was exported. */
export interface ExportedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** Name of the service that exported it. */
  readonly service: string;
  /** Name of the library that made it. */
  readonly scope: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Takes what is exported over OTLP as a collector does, and keeps it. */
export interface OtlpSink {
  readonly spans: readonly ExportedSpan[];
  /** Names of the metrics that have been pushed. */
  readonly metricNames: ReadonlySet<string>;
  /** Variables that make a process export here without delay. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

interface Named {
  readonly name: string;
}
interface Attributes {
  readonly attributes?: readonly {
    readonly key: string;
    readonly value: Readonly<Record<string, unknown>>;
  }[];
}
interface TraceExport {
  readonly resourceSpans: readonly {
    readonly resource: Attributes;
    readonly scopeSpans: readonly {
      readonly scope: Named;
      readonly spans: readonly (Omit<ExportedSpan, 'attributes'> & Attributes)[];
    }[];
  }[];
}
interface MetricExport {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly Named[] }[];
  }[];
}

/** How long a process that exports here waits for more to send, in milliseconds. */
const EXPORT_DELAY_MS = '50';

/** Starts a sink on a port of its own. */
export async function startOtlpSink(): Promise<OtlpSink> {
  const spans: ExportedSpan[] = [];
  const metricNames = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
      if (request.url === '/v1/traces') spans.push(...spansOf(body as TraceExport));
      else for (const name of metricsOf(body as MetricExport)) metricNames.add(name);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    spans,
    metricNames,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: EXPORT_DELAY_MS,
      OTEL_METRIC_EXPORT_INTERVAL: '200',
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function spansOf({ resourceSpans }: TraceExport): ExportedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        ...span,
        service: String(valuesOf(resource)['service.name']),
        scope: scope.name,
        attributes: valuesOf(span),
      })),
    ),
  );
}

function metricsOf({ resourceMetrics }: MetricExport): string[] {
  return resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => name)),
  );
}

function valuesOf({ attributes = [] }: Attributes): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
