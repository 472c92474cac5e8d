import {
  ActivityFailure,
  CancellationScope,
  log,
  proxyActivities,
  TimeoutFailure,
  withSession,
} from '@tidewheel/workflow';
import type { Duration } from '@tidewheel/workflow';
import type { FileActivities } from './activities.js';

/** What is to be done with one file. */
export interface FileJob {
  /** Where the file is: a CSV file, or a JSON file with a list of objects. */
  readonly sourceUrl: string;
  /** Where the statistics go: something that takes PUT and DELETE. */
  readonly targetUrl: string;
  /** How long a host may not respond before the file is given to another one. Default 10 s. */
  readonly hostTimeout?: Duration;
}

/** What was done with it. */
export interface FileReport {
  readonly targetUrl: string;
  readonly rows: number;
  readonly columns: number;
  /** The host that did it, by its task queue. */
  readonly hostTaskQueue: string;
  /** Hosts that had the file, the lost ones included. */
  readonly hosts: number;
}

/** After so many lost hosts the file itself is under suspicion. */
const MAX_HOSTS = 5;

/**
 * Computes the statistics of a file. The download may run on any host; what follows needs the downloaded file, so it is
 * routed to the queue of the host that has it. A host that is lost in between is noticed by the timeouts; then what it
 * may have uploaded is removed, and the file starts over on another one.
 */
export async function processFile(job: FileJob): Promise<FileReport> {
  const { sourceUrl, targetUrl, hostTimeout = '10s' } = job;
  const anyHost = proxyActivities<FileActivities>({
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: hostTimeout,
  });
  for (let hosts = 1; ; hosts++) {
    const local = await anyHost.downloadFile(sourceUrl);
    const { hostTaskQueue } = local;
    const sameHost = proxyActivities<FileActivities>({
      taskQueue: hostTaskQueue,
      scheduleToStartTimeout: hostTimeout,
      startToCloseTimeout: '10 minutes',
      heartbeatTimeout: hostTimeout,
    });
    const compensations = [() => removeLocalFile(sameHost, local.path)];
    try {
      const { path, rows, columns } = await sameHost.processFile(local.path);
      compensations.unshift(() => anyHost.discardUpload(targetUrl));
      await sameHost.uploadFile(path, targetUrl);
      await removeLocalFile(sameHost, local.path);
      return { targetUrl, rows, columns, hostTaskQueue, hosts };
    } catch (error) {
      log.warn('undoing what was done', { hostTaskQueue, error: String(error) });
      await CancellationScope.nonCancellable(async () => {
        for (const compensate of compensations) await compensate();
      });
      if (!isHostLost(error) || hosts === MAX_HOSTS) throw error;
    }
  }
}

/**
 * The same in a session: the library finds a host, notices when it is lost, and starts over elsewhere. An upload replaces
 * the one before, so nothing has to be undone when that happens.
 */
export async function processFileInSession(job: FileJob): Promise<FileReport> {
  const { sourceUrl, targetUrl, hostTimeout = '10s' } = job;
  let hosts = 0;
  const options = { heartbeatTimeout: hostTimeout, maximumAttempts: MAX_HOSTS };
  return await withSession(options, async (session) => {
    hosts++;
    const host = session.proxyActivities<FileActivities>({
      startToCloseTimeout: '10 minutes',
      heartbeatTimeout: hostTimeout,
    });
    const { path: local } = await host.downloadFile(sourceUrl);
    try {
      const { path, rows, columns } = await host.processFile(local);
      await host.uploadFile(path, targetUrl);
      return { targetUrl, rows, columns, hostTaskQueue: session.taskQueue, hosts };
    } finally {
      // In a session that has failed there is no host left to do it.
      await CancellationScope.nonCancellable(() => host.removeLocalFile(local)).catch((error: unknown) => {
        log.info('the local files were not removed', { local, error: String(error) });
      });
    }
  });
}

/** A host that is gone cannot remove its files, and does not have to: they are in its temporary folder. */
async function removeLocalFile(
  host: { removeLocalFile(path: string): Promise<void> },
  path: string,
): Promise<void> {
  try {
    await host.removeLocalFile(path);
  } catch (error) {
    if (!isHostLost(error)) throw error;
    log.info('the host is gone with its local files', { path });
  }
}

/** Whether an activity failed because nobody did it in time, rather than because it could not be done. */
function isHostLost(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
}
