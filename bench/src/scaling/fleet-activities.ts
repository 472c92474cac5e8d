import { activityInfo, Context, heartbeat, sleep } from '@tidewheel/activity';

/** Far longer than any worker of the fleet may take to end. */
const VERY_LONG_MS = 600_000;
const BEAT_MS = 100;

/** What an activity tells of itself when it ends. */
export interface Ending {
  readonly attempt: number;
  readonly worker: string;
  /** Details of the last heartbeat of the attempt before. */
  readonly lastWords?: unknown;
}

/** Tells whoever reads the worker's output that an attempt runs. */
function begin(): Ending {
  const { attempt, activityId, workflowExecution, heartbeatDetails } = activityInfo();
  process.stdout.write(`running ${workflowExecution.workflowId} ${activityId} ${attempt}\n`);
  return {
    attempt,
    worker: String(process.pid),
    ...(heartbeatDetails !== undefined && { lastWords: heartbeatDetails }),
  };
}

const isFirst = (): boolean => activityInfo().attempt === 1;

/** Takes its time, whatever it is asked. */
export async function nap(durationMs: number): Promise<Ending> {
  const ending = begin();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  return ending;
}

/** Takes its time, unless it is asked to stop. */
export async function rest(durationMs: number): Promise<Ending> {
  const ending = begin();
  await sleep(durationMs);
  return ending;
}

/** Its first attempt is too long for a worker that ends, and stops when it is asked to. */
export async function stoppable(): Promise<Ending> {
  const ending = begin();
  if (isFirst()) await sleep(VERY_LONG_MS);
  return ending;
}

/** The same, by way of what Node.js offers. */
export async function abortable(): Promise<Ending> {
  const ending = begin();
  const signal = Context.current().cancellationSignal;
  if (isFirst()) {
    await new Promise<void>((_, reject) => {
      signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
    });
  }
  return ending;
}

/** The same, with heartbeats all the time, the last of them when it is asked to stop. */
export async function beating(): Promise<Ending> {
  const ending = begin();
  if (!isFirst()) return ending;
  const { cancelled } = Context.current();
  const timer = setInterval(() => heartbeat('beat'), BEAT_MS);
  try {
    return await cancelled;
  } finally {
    clearInterval(timer);
    heartbeat('last words');
  }
}

/** Its first attempt does not even hear that it should stop. */
export async function deaf(): Promise<Ending> {
  const ending = begin();
  if (isFirst()) await new Promise((resolve) => setTimeout(resolve, VERY_LONG_MS));
  return ending;
}
