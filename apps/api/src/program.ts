// The API process, once telemetry runs. Configuration comes from the environment; see configuration.ts. With the argument
// `preflight` it only looks at Redis, says what it finds and ends; see preflight.ts. With `partitions` it shows how many there
// are, or makes them more; see partitions.ts.
import {
  configurationFaults,
  configurationOrExit,
  processLogger,
  switchLevelOnSignal,
} from '@tidewheel/process';
import type { Telemetry } from '@tidewheel/telemetry-node';
import { startApi } from './api-process.js';
import type { ApiProcess } from './api-process.js';
import { readConfiguration } from './configuration.js';
import type { Configuration } from './configuration.js';
import { partitions, readPartitionsArguments } from './partitions.js';
import { preflight, readPreflightArguments } from './preflight.js';
import { UsageError } from './usage-error.js';

const SERVICE = 'tidewheel-api';

type Tell = (line: string) => void;

/** What the process does instead of serving, by the first argument. Each tells whether what was asked for is so now. */
const COMMANDS: Readonly<
  Record<string, (settings: Configuration, args: readonly string[], tell: Tell) => Promise<boolean>>
> = {
  preflight: ({ redisUrl }, args, tell) => preflight({ redisUrl, ...readPreflightArguments(args) }, tell),
  partitions: ({ redisUrl, keyPrefix }, args, tell) =>
    partitions({ redisUrl, keyPrefix, ...readPartitionsArguments(args) }, tell),
};

/** What is wrong with the configuration, a line for each fault. */
export function faults(): readonly string[] {
  return configurationFaults(readConfiguration);
}

/** Does what the arguments say. */
export async function run(telemetry: Telemetry): Promise<void> {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined) return serve(telemetry);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    process.stderr.write(
      `${SERVICE}: no command "${name}"; there are "preflight" and "partitions", and none to serve\n`,
    );
    process.exit(2);
  }
  const settings = configurationOrExit(SERVICE, readConfiguration);
  try {
    const isSo = await command(settings, args, (line) => process.stdout.write(`${name}: ${line}\n`));
    process.exitCode = isSo ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${SERVICE}: ${name}: ${error.message}\n`);
    process.exitCode = 2;
  }
}

async function serve(telemetry: Telemetry): Promise<void> {
  const configuration = configurationOrExit(SERVICE, readConfiguration);
  const logger = processLogger(SERVICE, configuration.logLevel);
  switchLevelOnSignal(logger);
  const fail = (error: unknown): void => {
    logger.fatal({ err: error }, 'the API cannot run');
    process.exit(1);
  };
  try {
    const api = await startApi(configuration, logger, telemetry);
    api.opened.catch(fail);
    stopOnSignals(api, (signal) => logger.info({ signal }, 'stopping; the signal again ends at once'));
  } catch (error) {
    fail(error);
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
