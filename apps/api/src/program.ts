// The API process, once telemetry runs. Configuration comes from the environment; see configuration.ts. With the argument
// `preflight` it only looks at Redis, says what it finds and ends; see preflight.ts. With `partitions` it shows how many there
// are, or makes them more; see partitions.ts.
import { configurationOrExit, processLogger, switchLevelOnSignal } from '@tidewheel/process';
import type { Telemetry } from '@tidewheel/telemetry-node';
import { startApi } from './api-process.js';
import type { ApiProcess } from './api-process.js';
import { readConfiguration } from './configuration.js';
import { partitions, PartitionsUsageError, readPartitionsArguments } from './partitions.js';
import { preflight, PreflightUsageError, readPreflightArguments } from './preflight.js';

const SERVICE = 'tidewheel-api';

/** Does what the arguments say. */
export async function run(telemetry: Telemetry): Promise<void> {
  const [command, ...rest] = process.argv.slice(2);
  if (command === 'preflight') return lookAtRedis(rest);
  if (command === 'partitions') return lookAtPartitions(rest);
  if (command !== undefined) {
    process.stderr.write(
      `${SERVICE}: no command "${command}"; there are "preflight" and "partitions", and none to serve\n`,
    );
    process.exit(2);
  }
  await serve(telemetry);
}

async function lookAtRedis(args: readonly string[]): Promise<void> {
  const { redisUrl } = configurationOrExit(SERVICE, readConfiguration);
  try {
    const options = { redisUrl, ...readPreflightArguments(args) };
    const isSound = await preflight(options, (line) => process.stdout.write(`preflight: ${line}\n`));
    process.exitCode = isSound ? 0 : 1;
  } catch (error) {
    if (!(error instanceof PreflightUsageError)) throw error;
    process.stderr.write(`${SERVICE}: preflight: ${error.message}\n`);
    process.exitCode = 2;
  }
}

async function lookAtPartitions(args: readonly string[]): Promise<void> {
  const { redisUrl, keyPrefix } = configurationOrExit(SERVICE, readConfiguration);
  try {
    const options = { redisUrl, keyPrefix, ...readPartitionsArguments(args) };
    const isDone = await partitions(options, (line) => process.stdout.write(`partitions: ${line}\n`));
    process.exitCode = isDone ? 0 : 1;
  } catch (error) {
    if (!(error instanceof PartitionsUsageError)) throw error;
    process.stderr.write(`${SERVICE}: partitions: ${error.message}\n`);
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
