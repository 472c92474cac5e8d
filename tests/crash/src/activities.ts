import { ApplicationFailure, Context, heartbeat, info, sleep } from '@tidewheel/activity';
import { existsSync } from 'node:fs';

/** How long the quick ones take at most: enough for a process to die in the middle of one. */
const MAX_PAUSE_MS = 30;
const STEP_MS = 100;

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_PAUSE_MS));
}

export async function add(left: number, right: number): Promise<number> {
  await pause();
  return left + right;
}

export async function square(value: number): Promise<number> {
  await pause();
  return value * value;
}

/** A step of a session, which has to be where the others are. */
export async function visit(_sessionId: string, _step: number, value: number): Promise<number> {
  await pause();
  return value + 1;
}

/** Fails at its first attempts. */
export async function stubborn(value: number, failures: number): Promise<number> {
  await pause();
  if (info().attempt <= failures) throw new Error(`attempt ${info().attempt} of ${failures} that fail`);
  return value;
}

/** Takes its process along, unless there is a file of that name. */
export async function poison(cure: string): Promise<string> {
  if (!existsSync(cure)) process.kill(process.pid, 'SIGKILL');
  await pause();
  return 'cured';
}

/** Fails for good. */
export async function refuse(reason: string): Promise<never> {
  await pause();
  throw ApplicationFailure.nonRetryable(reason, 'Refused');
}

export async function cleanUp(value: number): Promise<number> {
  await pause();
  return value + 1;
}

/** Counts to `steps`, each attempt from where the one before was known to be. */
export async function count(steps: number): Promise<number> {
  const { heartbeatDetails } = info();
  let reached = typeof heartbeatDetails === 'number' ? heartbeatDetails : 0;
  while (reached < steps) {
    await sleep(STEP_MS);
    reached++;
    heartbeat(reached);
  }
  return reached;
}

/** Goes on until the workflow no longer wants it. */
export async function countUntilCancelled(): Promise<never> {
  const { cancelled } = Context.current();
  const beating = setInterval(() => heartbeat(), STEP_MS);
  try {
    return await cancelled;
  } finally {
    clearInterval(beating);
  }
}
