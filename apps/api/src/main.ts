// Starts telemetry, and then what it instruments: modules that were loaded before would not be seen. See program.ts.
import { startTelemetryOrExit } from '@tidewheel/telemetry-node';

const telemetry = await startTelemetryOrExit({ service: 'tidewheel-api' });
const { run } = await import('./program.js');
await run(telemetry);
