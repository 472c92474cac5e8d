import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TelemetryLevel } from './options.js';

/** What a process is started with so that it has telemetry. */
interface TelemetrySettings {
  readonly nodeArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const PRELOAD = new URL('./processes/telemetry-preload.js', import.meta.url);
/** Much shorter than usual, so that each round pays for an export or two. */
const EXPORT_INTERVAL_MS = 2_000;

/** Takes what is exported and throws it away. */
export class TelemetrySink {
  private readonly server = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });

  private constructor(readonly level: TelemetryLevel) {}

  static async start(level: TelemetryLevel): Promise<TelemetrySink> {
    const sink = new TelemetrySink(level);
    sink.server.listen(0, '127.0.0.1');
    await once(sink.server, 'listening');
    sink.server.unref();
    return sink;
  }

  /** How to start a process that exports here. */
  get settings(): TelemetrySettings {
    if (this.level === 'off') return { nodeArgs: [], env: {} };
    const { port } = this.server.address() as AddressInfo;
    const exporting = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_INTERVAL_MS),
    };
    return { nodeArgs: ['--import', PRELOAD.href], env: this.level === 'all' ? exporting : {} };
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
