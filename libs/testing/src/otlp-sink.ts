import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import protobuf from 'protobufjs';

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

/** As much of OTLP's `opentelemetry.proto.collector.trace.v1` as a sink looks at. */
const TRACE_EXPORT = protobuf
  .parse(
    `syntax = "proto3";
    message TraceExport { repeated ResourceSpans resource_spans = 1; }
    message ResourceSpans { Attributes resource = 1; repeated ScopeSpans scope_spans = 2; }
    message Attributes { repeated KeyValue attributes = 1; }
    message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
    message Scope { string name = 1; }
    message Span {
      bytes trace_id = 1;
      bytes span_id = 2;
      bytes parent_span_id = 4;
      string name = 5;
      repeated KeyValue attributes = 9;
    }
    message KeyValue { string key = 1; Value value = 2; }
    message Value {
      oneof value { string stringValue = 1; bool boolValue = 2; int64 intValue = 3; double doubleValue = 4; }
    }`,
  )
  .root.lookupType('TraceExport');

/** How long a process that exports here waits for more to send, in milliseconds. */
const EXPORT_DELAY_MS = '50';

/**
 * Starts a sink on a port of its own.
 *
 * @param traceProtocol how processes are told to export spans; metrics come as JSON
 */
export async function startOtlpSink(
  traceProtocol: 'http/protobuf' | 'http/json' = 'http/protobuf',
): Promise<OtlpSink> {
  const spans: ExportedSpan[] = [];
  const metricNames = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const contentType = request.headers['content-type'] ?? '';
      const isProtobuf = contentType === 'application/x-protobuf';
      if (request.url === '/v1/traces') spans.push(...spansOf(isProtobuf ? decoded(body) : parsed(body)));
      else for (const name of metricsOf(parsed(body))) metricNames.add(name);
      response.setHeader('content-type', contentType).end(isProtobuf ? '' : '{}');
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
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: traceProtocol,
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json',
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

function parsed<T>(body: Buffer): T {
  return JSON.parse(body.toString()) as T;
}

/** What came in protobuf, in the form that it has in JSON. */
function decoded(body: Buffer): TraceExport {
  const message = TRACE_EXPORT.toObject(TRACE_EXPORT.decode(body), {
    longs: Number,
    bytes: Array,
    arrays: true,
  });
  const withTextIds = JSON.stringify(message, (key, value: unknown) =>
    /^(trace|span|parentSpan)Id$/.test(key) ? Buffer.from(value as number[]).toString('hex') : value,
  );
  return JSON.parse(withTextIds) as TraceExport;
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
