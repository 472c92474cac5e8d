import { ApplicationFailure, cancellationSignal, heartbeat, info } from '@tidewheel/activity';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { columnStatistics } from './statistics.js';
import { parseTable } from './table.js';

/** A file that was downloaded, and where. */
export interface LocalFile {
  readonly path: string;
  /** The queue of the host that has the file: only its activities find the path. */
  readonly hostTaskQueue: string;
}

/** Statistics that were computed. */
export interface ProcessedFile {
  /** Where they are, on the same host. */
  readonly path: string;
  readonly rows: number;
  readonly columns: number;
}

/** The activities by name, as workflows call them. */
export type FileActivities = ReturnType<typeof createActivities>;

const HEARTBEAT_MS = 500;

/**
 * The activities of one host; every worker process is a host of its own.
 *
 * @param host its queue, which `downloadFile` tells the workflow
 */
export function createActivities(host: { readonly hostTaskQueue: string | undefined }) {
  const { hostTaskQueue } = host;
  if (hostTaskQueue === undefined)
    throw new Error('the activities need a worker process with a queue of its own');
  const folder = join(tmpdir(), 'tidewheel-file-processing', encodeURIComponent(hostTaskQueue));

  return {
    /** Fetches a file into this host's temporary folder. */
    downloadFile: (sourceUrl: string): Promise<LocalFile> =>
      withHeartbeats(async () => {
        const response = await fetch(sourceUrl, { signal: cancellationSignal() });
        await refuseUnsuccessful(response, sourceUrl);
        const { workflowExecution, activityId } = info();
        const path = join(folder, `${workflowExecution.runId}-${activityId}`, fileName(sourceUrl));
        await mkdir(dirname(path), { recursive: true });
        await pipeline(response.body ?? [], createWriteStream(path), { signal: cancellationSignal() });
        return { path, hostTaskQueue };
      }),

    /** Computes the statistics of a downloaded file and puts them beside it. */
    processFile: (path: string): Promise<ProcessedFile> =>
      withHeartbeats(async () => {
        const table = parseTable(await readFile(path, 'utf8'), path);
        const statistics = columnStatistics(table);
        const resultPath = `${path}.statistics.json`;
        await writeFile(resultPath, `${JSON.stringify(statistics, undefined, 2)}\n`);
        return { path: resultPath, rows: statistics.rows, columns: Object.keys(statistics.columns).length };
      }),

    /** Sends a local file to where it is wanted. Sending it again replaces it. */
    uploadFile: (path: string, targetUrl: string): Promise<void> =>
      withHeartbeats(async () => {
        const body = await readFile(path);
        const response = await fetch(targetUrl, { method: 'PUT', body, signal: cancellationSignal() });
        await refuseUnsuccessful(response, targetUrl);
      }),

    /** Removes what an upload may have left behind, in whole or in part. */
    discardUpload: (targetUrl: string): Promise<void> =>
      withHeartbeats(async () => {
        const response = await fetch(targetUrl, { method: 'DELETE', signal: cancellationSignal() });
        if (response.status !== 404) await refuseUnsuccessful(response, targetUrl);
      }),

    /** Removes a downloaded file and what was made of it. */
    async removeLocalFile(path: string): Promise<void> {
      await rm(dirname(path), { recursive: true, force: true });
    },
  };
}

/** Tells the engine all the while that this host is there; a host that is lost stops to, and is noticed. */
async function withHeartbeats<T>(work: () => Promise<T>): Promise<T> {
  heartbeat();
  const timer = setInterval(() => heartbeat(), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** What a server refuses for good (4xx) is not tried again; anything else is. */
async function refuseUnsuccessful(response: Response, url: string): Promise<void> {
  if (response.ok) return;
  await response.body?.cancel();
  throw ApplicationFailure.create({
    message: `${url} answered ${response.status}`,
    type: 'HttpError',
    nonRetryable: response.status >= 400 && response.status < 500,
  });
}

function fileName(url: string): string {
  return basename(new URL(url).pathname) || 'file';
}
