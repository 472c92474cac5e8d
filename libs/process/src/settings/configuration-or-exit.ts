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
    if (!(error instanceof ConfigurationError)) throw error;
    for (const fault of error.faults) process.stderr.write(`${service}: ${fault}\n`);
    process.exit(1);
  }
}
