import { ExportSettingsError, readExportSettings } from './export-settings.js';

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readExportSettings(env);
  } catch (error) {
    if (error instanceof ExportSettingsError) return error.faults;
    throw error;
  }
  return [];
}

const SPANS = { exporters: ['otlp'], protocol: 'http/protobuf' };
const PUSHED = {
  exporters: ['otlp'],
  protocol: 'http/protobuf',
  intervalMs: 60_000,
  timeoutMs: 30_000,
  isPlain: true,
};

describe('readExportSettings', () => {
  it.each([
    ['nothing is said', {}, { traces: undefined, metrics: undefined }],
    [
      'an endpoint is given',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' },
      { traces: SPANS, metrics: PUSHED },
    ],
    [
      'an endpoint is given for traces',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318/v1/traces' },
      { traces: SPANS, metrics: undefined },
    ],
    [
      'one kind is not wanted',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' },
      { traces: undefined, metrics: PUSHED },
    ],
    [
      'an exporter is named',
      { OTEL_TRACES_EXPORTER: 'console,otlp', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' },
      { traces: { exporters: ['console', 'otlp'], protocol: 'grpc' }, metrics: undefined },
    ],
    [
      'metrics are only scraped',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c', OTEL_METRICS_EXPORTER: 'prometheus' },
      { traces: SPANS, metrics: undefined },
    ],
    [
      'it is disabled',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'true' },
      { traces: undefined, metrics: undefined },
    ],
    [
      'the way of pushing metrics is told',
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317',
        OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc',
        OTEL_METRIC_EXPORT_INTERVAL: '500',
      },
      { traces: SPANS, metrics: { ...PUSHED, protocol: 'grpc', intervalMs: 500, timeoutMs: 500 } },
    ],
    [
      'metrics are wanted as differences',
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318',
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
      },
      { traces: SPANS, metrics: { ...PUSHED, isPlain: false } },
    ],
    [
      'histograms are wanted without bounds',
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318',
        OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
      },
      { traces: SPANS, metrics: { ...PUSHED, isPlain: false } },
    ],
  ])('says what is exported when %s', (_when, env, expected) => {
    expect(readExportSettings(env)).toEqual(expected);
  });

  it('names every variable that says nothing sensible, without repeating addresses', () => {
    const faults = faultsOf({
      OTEL_TRACES_EXPORTER: 'otpl',
      OTEL_METRICS_EXPORTER: 'none,zipkin',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'carrier-pigeon',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'user:secret@collector',
      OTEL_METRIC_EXPORT_INTERVAL: '1m',
    });
    expect(faults).toEqual([
      'OTEL_TRACES_EXPORTER: got "otpl", not one of otlp, console, zipkin, none',
      'OTEL_METRICS_EXPORTER: got "zipkin", not one of otlp, console, prometheus, none',
      'OTEL_EXPORTER_OTLP_PROTOCOL: got "carrier-pigeon", not one of http/protobuf, http/json, grpc',
      'OTEL_EXPORTER_OTLP_ENDPOINT: is no http:// or https:// address',
      'OTEL_METRIC_EXPORT_INTERVAL: got "1m", not a number of milliseconds above 0',
    ]);
    expect(faults.join()).not.toContain('secret');
  });
});
