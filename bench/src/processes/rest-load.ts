import autocannon from 'autocannon';
import { randomUUID } from 'node:crypto';
import { loadResult } from './closed-loop.js';
import type { LoadOptions, LoadResult } from './closed-loop.js';

/** A load of starts over the REST interface. */
export interface RestLoadOptions extends LoadOptions {
  readonly apiUrl: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly input: string;
}

/**
 * Starts workflows by POST, each on a connection that is kept, and does not wait for the workflows. What is under way
 * when time is up is cut off: such a start may have taken effect without being counted.
 *
 * @throws Error when a request failed
 */
export async function runRestStarts(options: RestLoadOptions): Promise<LoadResult> {
  const { apiUrl, inFlight, seconds, workflowType, taskQueue, input } = options;
  const latenciesMs: number[] = [];
  const statuses = new Map<number, number>();
  const body = JSON.stringify({ workflowType, taskQueue, input: [input] });
  const startedMs = performance.now();
  let lastMs = startedMs;
  const { errors, non2xx } = await new Promise<autocannon.Result>((resolve, reject) => {
    const load = autocannon(
      {
        url: apiUrl,
        connections: inFlight,
        duration: seconds,
        requests: [
          {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body,
            setupRequest: (request) => ({
              ...request,
              path: `/api/v1/namespaces/default/workflows/${randomUUID()}`,
            }),
          },
        ],
      },
      (error: Error | null, result) => (error ? reject(error) : resolve(result)),
    );
    load.on('response', (_client, status, _bytes, latencyMs) => {
      lastMs = performance.now();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      latenciesMs.push(latencyMs);
    });
  });
  if (errors > 0 || non2xx > 0) {
    const seen = [...statuses].map(([status, count]) => `${count} of status ${status}`).join(', ');
    throw new Error(`starts over REST failed: ${errors} errors; answers: ${seen}`);
  }
  return loadResult(latenciesMs, lastMs - startedMs);
}
