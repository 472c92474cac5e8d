import { ExportSettingsError } from './export-settings.js';
import { startTelemetry } from './telemetry.js';
import type { Telemetry, TelemetryOptions } from './telemetry.js';

/**
 * Starts telemetry for a program; when its variables are wrong, says so with a line for each fault, and exits with 1.
 *
 * @param otherFaults what else keeps the program from starting, to be told with them; may load what is instrumented
 */
export async function startTelemetryOrExit(
  options: TelemetryOptions,
  otherFaults: () => Promise<readonly string[]>,
): Promise<Telemetry> {
  try {
    return await startTelemetry(options);
  } catch (error) {
    if (!(error instanceof ExportSettingsError)) throw error;
    const faults = [...error.faults, ...(await otherFaults())];
    for (const fault of faults) process.stderr.write(`${options.service}: ${fault}\n`);
    process.exit(1);
  }
}
