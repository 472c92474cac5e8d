import { ExportSettingsError } from './export-settings.js';
import { startTelemetry } from './telemetry.js';
import type { Telemetry, TelemetryOptions } from './telemetry.js';

/** Starts telemetry for a program; when its variables are wrong, says so with a line for each fault, and exits with 1. */
export async function startTelemetryOrExit(options: TelemetryOptions): Promise<Telemetry> {
  try {
    return await startTelemetry(options);
  } catch (error) {
    if (!(error instanceof ExportSettingsError)) throw error;
    for (const fault of error.faults) process.stderr.write(`${options.service}: ${fault}\n`);
    process.exit(1);
  }
}
