// The API process. Configuration comes from the environment; see configuration.ts.
import { createLogger } from '@tidewheel/telemetry';
import { startApi } from './api-process.js';
import type { ApiProcess } from './api-process.js';
import { ConfigurationError, readConfiguration } from './configuration.js';
import type { Configuration } from './configuration.js';

const SERVICE = 'tidewheel-api';

async function main(): Promise<void> {
  const configuration = configurationOrExit();
  const logger = createLogger({ service: SERVICE, level: configuration.logLevel });
  const fail = (error: unknown): void => {
    logger.fatal({ err: error }, 'the API cannot run');
    process.exit(1);
  };
  try {
    const api = await startApi(configuration, logger);
    api.opened.catch(fail);
    stopOnSignals(api, (signal) => logger.info({ signal }, 'stopping; the signal again ends at once'));
  } catch (error) {
    fail(error);
  }
}

function configurationOrExit(): Configuration {
  try {
    return readConfiguration(process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const fault of error.faults) process.stderr.write(`${SERVICE}: ${fault}\n`);
    process.exit(1);
  }
}

function stopOnSignals(api: ApiProcess, tell: (signal: NodeJS.Signals) => void): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    tell(signal);
    void api.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

await main();
