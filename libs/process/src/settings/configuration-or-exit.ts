import { ConfigurationError } from './settings-reader.js';
import type { Environment } from './setting.js';

/** Reads the configuration of this process; when it is wrong, says each fault in a line of its own and ends with 1. */
export function configurationOrExit<Configuration>(
  service: string,
  read: (environment: Environment) => Configuration,
): Configuration {
  try {
    return read(process.env);
  } catch (error) {
    for (const fault of faultsOf(error)) process.stderr.write(`${service}: ${fault}\n`);
    process.exit(1);
  }
}

/** What is wrong with the configuration of this process, a line for each fault. */
export function configurationFaults(read: (environment: Environment) => unknown): readonly string[] {
  try {
    read(process.env);
    return [];
  } catch (error) {
    return faultsOf(error);
  }
}

function faultsOf(error: unknown): readonly string[] {
  if (error instanceof ConfigurationError) return error.faults;
  throw error;
}
