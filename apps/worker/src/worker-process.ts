import { loadUserChecks, UserChecks } from '@tidewheel/process';
import { hidePassword } from '@tidewheel/telemetry';
import type { Logger } from '@tidewheel/telemetry';
import type { Telemetry } from '@tidewheel/telemetry-node';
import type { Configuration } from './configuration.js';
import { sdkLogger } from './sdk-logger.js';
import { startProcessServer } from './process-server.js';
import { Readiness } from './readiness.js';
import { WorkerGroup } from './worker-group.js';
import { observeWorkers } from './worker-metrics.js';

/** A running worker process. */
export interface WorkerProcess {
  /** Port of /health, /ready and /metrics. */
  readonly port: number;
  /** Resolves when it has ended in order; rejects when it cannot do its work ever, or could not be wound up in time. */
  readonly finished: Promise<void>;
  /** Begins to wind up: not ready from now on, no more polls, running tasks may end within the shutdown timeout. */
  stop(): void;
}

/**
 * Listens at once and connects meanwhile, so that probes are answered while Redis is away.
 *
 * @throws when the port cannot be had
 */
export async function startWorkerProcess(
  configuration: Configuration,
  logger: Logger,
  telemetry: Telemetry,
): Promise<WorkerProcess> {
  let userChecks: UserChecks | undefined;
  const group = new WorkerGroup(configuration, sdkLogger(logger));
  const stopObserving = observeWorkers(() => group.statuses());
  const readiness = new Readiness({
    isStarted: () => group.isStarted,
    statuses: () => group.statuses(),
    engineChecks: async () => (await group.engineHealth())?.checks,
    userFindings: () => userChecks?.findings() ?? [],
    onChange: ({ name, status, reason }) => {
      if (status === 'passing') logger.info({ check: name }, 'a check passes again');
      else logger.warn({ check: name, reason }, 'a check fails; not ready');
    },
  });
  const { host } = configuration;
  const server = await startProcessServer({
    host,
    port: configuration.port,
    health: readiness.health,
    answerMetrics: telemetry.answerMetrics,
    logger,
  });
  const { namespace, taskQueues, workflowsPath, activitiesPaths } = configuration;
  const redis = hidePassword(configuration.redisUrl);
  logger.info({ host, port: server.port }, 'listening');
  logger.info({ redis, namespace, taskQueues, workflowsPath, activitiesPaths }, 'starting the workers');

  const run = async (): Promise<void> => {
    try {
      const { healthCheckPaths } = configuration;
      userChecks = new UserChecks(await loadUserChecks(activitiesPaths, healthCheckPaths));
      await group.run();
    } finally {
      userChecks?.close();
      readiness.close();
      stopObserving();
      await server.close();
      await telemetry.stop();
    }
  };
  return {
    port: server.port,
    finished: run(),
    stop() {
      readiness.health.beginDraining();
      group.stop();
    },
  };
}
