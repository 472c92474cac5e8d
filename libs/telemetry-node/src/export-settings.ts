/** Where telemetry goes, as the standard variables of OpenTelemetry say it. */
export interface ExportSettings {
  /** How spans are exported; undefined: none are made. Where to, and all else, is read by the exporters and the SDK. */
  readonly traces: TraceExportSettings | undefined;
  /** How metrics are exported beside what Prometheus scrapes; undefined: not at all. */
  readonly metrics: MetricExportSettings | undefined;
}

/** How spans are exported. */
export interface TraceExportSettings {
  readonly exporters: readonly SpanExporterName[];
  readonly protocol: OtlpProtocol;
}

/** How metrics are pushed. */
export interface MetricExportSettings {
  readonly exporters: readonly PushedExporter[];
  readonly protocol: OtlpProtocol;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Whether sums go on for ever and histograms have buckets with bounds, as by default, and nothing else was asked for. */
  readonly isPlain: boolean;
}

type SpanExporterName = Exclude<(typeof TRACE_EXPORTERS)[number], 'none'>;
type PushedExporter = 'otlp' | 'console';
type OtlpProtocol = (typeof PROTOCOLS)[number];
type Environment = Readonly<Record<string, string | undefined>>;

const TRACE_EXPORTERS = ['otlp', 'console', 'zipkin', 'none'] as const;
const METRIC_EXPORTERS = ['otlp', 'console', 'prometheus', 'none'] as const;
const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;
const DEFAULT_INTERVAL_MS = 60_000;
const DEFAULT_TIMEOUT_MS = 30_000;

/** A variable of OpenTelemetry that says nothing sensible; has one sentence for each, which names it. */
export class ExportSettingsError extends Error {
  override readonly name = 'ExportSettingsError';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('; '));
  }
}

/**
 * Traces and metrics are exported when an endpoint is given for them, or an exporter is named. Nothing is by default:
 * OpenTelemetry's own default, a collector on this host, would be tried in vain by everybody who has none.
 *
 * @throws ExportSettingsError
 */
export function readExportSettings(env: Environment): ExportSettings {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true')
    return { traces: undefined, metrics: undefined };
  const faults: string[] = [];
  const spans = exporters(env, 'TRACES', TRACE_EXPORTERS, faults).filter((name) => name !== 'none');
  const metrics = exporters(env, 'METRICS', METRIC_EXPORTERS, faults);
  const pushed = metrics.filter((name) => name === 'otlp' || name === 'console');
  const protocol = protocolOf(env, 'METRICS', faults);
  const spanProtocol = protocolOf(env, 'TRACES', faults);
  for (const part of ['', 'TRACES_', 'METRICS_']) checkUrl(env, `OTEL_EXPORTER_OTLP_${part}ENDPOINT`, faults);
  const intervalMs = milliseconds(env, 'OTEL_METRIC_EXPORT_INTERVAL', DEFAULT_INTERVAL_MS, faults);
  const timeoutMs = milliseconds(env, 'OTEL_METRIC_EXPORT_TIMEOUT', DEFAULT_TIMEOUT_MS, faults);
  if (faults.length > 0) throw new ExportSettingsError([...new Set(faults)]);
  return {
    traces: spans.length > 0 ? { exporters: spans, protocol: spanProtocol } : undefined,
    metrics:
      pushed.length > 0
        ? {
            exporters: pushed,
            protocol,
            intervalMs,
            timeoutMs: Math.min(timeoutMs, intervalMs),
            isPlain: isPlain(env),
          }
        : undefined,
  };
}

function exporters<Name extends string>(
  env: Environment,
  signal: 'TRACES' | 'METRICS',
  known: readonly Name[],
  faults: string[],
): Name[] {
  const variable = `OTEL_${signal}_EXPORTER`;
  const given = textOf(env, variable);
  if (given === undefined) {
    const hasEndpoint = ['', `${signal}_`].some((part) => textOf(env, `OTEL_EXPORTER_OTLP_${part}ENDPOINT`));
    return known.filter((name) => hasEndpoint && name === 'otlp');
  }
  const names = given.split(',').map((name) => name.trim());
  const isKnown = (name: string): name is Name => known.includes(name as Name);
  for (const name of names) {
    if (!isKnown(name)) faults.push(`${variable}: got "${name}", not one of ${known.join(', ')}`);
  }
  return names.filter(isKnown);
}

function protocolOf(env: Environment, signal: 'TRACES' | 'METRICS', faults: string[]): OtlpProtocol {
  const own = `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`;
  const variable = textOf(env, own) === undefined ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : own;
  const given = textOf(env, variable);
  if (given === undefined) return 'http/protobuf';
  const protocol = PROTOCOLS.find((known) => known === given);
  if (!protocol) faults.push(`${variable}: got "${given}", not one of ${PROTOCOLS.join(', ')}`);
  return protocol ?? 'http/protobuf';
}

/** The value is not repeated: an endpoint may hold a password. */
function checkUrl(env: Environment, variable: string, faults: string[]): void {
  const given = textOf(env, variable);
  if (given === undefined) return;
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    faults.push(`${variable}: is no http:// or https:// address`);
}

function milliseconds(env: Environment, variable: string, byDefault: number, faults: string[]): number {
  const given = textOf(env, variable);
  if (given === undefined) return byDefault;
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    faults.push(`${variable}: got "${given}", not a number of milliseconds above 0`);
  return value;
}

function isPlain(env: Environment): boolean {
  const temporality = textOf(env, 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE');
  const aggregation = textOf(env, 'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION');
  return (
    (temporality === undefined || temporality.toLowerCase() === 'cumulative') &&
    (aggregation === undefined || aggregation.toLowerCase() === 'explicit_bucket_histogram')
  );
}

function textOf(env: Environment, variable: string): string | undefined {
  return env[variable]?.trim() || undefined;
}
