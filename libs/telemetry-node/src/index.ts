/**
 * Starts the OpenTelemetry SDK. Apps use it; libraries only know `@tidewheel/telemetry`.
 *
 * @example
 * ```ts
 * import { startTelemetry } from '@tidewheel/telemetry-node';
 * import { createServer } from 'node:http';
 *
 * const telemetry = await startTelemetry({ service: 'my-service' });
 * createServer(telemetry.answerMetrics).listen(9464);
 * ```
 */
export { startTelemetry } from './telemetry.js';
export type { Telemetry, TelemetryOptions } from './telemetry.js';
export { startTelemetryOrExit } from './telemetry-or-exit.js';
