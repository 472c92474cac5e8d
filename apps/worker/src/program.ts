// The worker process, once telemetry runs. Configuration comes from the environment and a file; see configuration.ts.
import {
  configurationFaults,
  configurationOrExit,
  processLogger,
  switchLevelOnSignal,
} from '@tidewheel/process';
import type { Logger } from '@tidewheel/telemetry';
import type { Telemetry } from '@tidewheel/telemetry-node';
import { readConfiguration } from './configuration.js';
import { startWorkerProcess } from './worker-process.js';
import type { WorkerProcess } from './worker-process.js';

const SERVICE = 'tidewheel-worker';

/** What is wrong with the configuration, a line for each fault. */
export function faults(): readonly string[] {
  return configurationFaults(readConfiguration);
}

/** Runs the workers of the configuration until a signal or a failure ends them, and then ends the process. */
export async function run(telemetry: Telemetry): Promise<void> {
  const configuration = configurationOrExit(SERVICE, readConfiguration);
  const logger = processLogger(SERVICE, configuration.logLevel);
  switchLevelOnSignal(logger);
  try {
    const worker = await startWorkerProcess(configuration, logger, telemetry);
    stopOnSignals(worker, logger);
    await worker.finished;
    logger.info('ended in order');
    process.exit(0);
  } catch (error) {
    logger.fatal({ err: error }, 'the worker process cannot go on');
    process.exit(1);
  }
}

function stopOnSignals(worker: WorkerProcess, logger: Logger): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.info({ signal }, 'winding up; the signal again ends at once');
    worker.stop();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
