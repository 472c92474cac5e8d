import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import { SpanEncoder } from './span-encoder.js';

/** Spans as elements of `ScopeSpans`, one after the other. */
export interface EncodedSpans {
  readonly bytes: Buffer;
  readonly count: number;
}

/** How the OpenTelemetry SDK calls this kind of exporter. */
const COMPONENT_TYPE = 'otlp_http_span_exporter';

/**
 * The OpenTelemetry SDK's exporter over OTLP in protobuf and HTTP, which is set by the same variables, for spans that
 * have been laid out already.
 *
 * @param scope name of the instrumentation scope of all these spans
 */
export function encodedSpansExporter(resource: Resource, scope: string): OTLPExporterBase<EncodedSpans> {
  const headers = { 'Content-Type': 'application/x-protobuf' };
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- the SDK's exporters use it; nothing else reads the variables
      convertLegacyHttpOptions({}, 'TRACES', 'v1/traces', headers),
      {
        serializeRequest: (spans: EncodedSpans) => encodeTraceRequest(resource, scope, spans),
        deserializeResponse: (bytes) => ProtobufTraceSerializer.deserializeResponse(bytes),
      },
      COMPONENT_TYPE,
      { name: 'span', countItems: ({ count }: EncodedSpans) => count },
      undefined,
    ),
  );
}

/** OTLP's `ExportTraceServiceRequest` of spans of one scope. */
export function encodeTraceRequest(resource: Resource, scope: string, { bytes }: EncodedSpans): Buffer {
  const encoder = new SpanEncoder();
  encoder.resource(resource.attributes);
  const encodedResource = encoder.take();
  encoder.scope(scope);
  const encodedScope = encoder.take();
  encoder.header(2, encodedScope.length + bytes.length);
  const scopeHeader = encoder.take();
  encoder.header(1, encodedResource.length + scopeHeader.length + encodedScope.length + bytes.length);
  return Buffer.concat([encoder.take(), encodedResource, scopeHeader, encodedScope, bytes]);
}
