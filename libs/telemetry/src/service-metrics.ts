import { SERVICE_METRICS } from './catalog/service-catalog.js';
import { counterSeries, histogramSeries } from './series.js';

/** Records with the meter that is registered now what became of requests that come by REST or gRPC. */
export function serviceMetrics(
  transport: 'rest' | 'grpc',
): (operation: string, durationMs: number, errorType: string | undefined) => void {
  const known = new Map<string, (durationMs: number) => void>();
  return (operation, durationMs, errorType) => {
    const attributes = { operation, transport };
    let record = known.get(operation);
    if (!record) {
      const requests = counterSeries(SERVICE_METRICS.serviceRequests, attributes);
      const latency = histogramSeries(SERVICE_METRICS.serviceLatency, attributes);
      record = (tookMs) => {
        requests.add();
        latency.record(tookMs / 1_000);
      };
      known.set(operation, record);
    }
    record(durationMs);
    if (errorType === undefined) return;
    counterSeries(SERVICE_METRICS.serviceErrors, { ...attributes, error_type: errorType }).add();
  };
}
