// Starts telemetry, and then what it instruments: modules that were loaded before would not be seen. See program.ts.
import { startTelemetryOrExit } from '@tidewheel/telemetry-node';

const program = () => import('./program.js');
const telemetry = await startTelemetryOrExit({ service: 'tidewheel-worker' }, async () =>
  (await program()).faults(),
);
const { run } = await program();
await run(telemetry);
