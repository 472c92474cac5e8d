import { activityInfo, CompleteAsyncError, Context, heartbeat, sleep } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';

/** What activities of worker processes tell to whoever watches their output. */
function tell(what: string): void {
  if (process.env['CONFORMANCE_IDENTITY'] === undefined) return;
  const { activityType, attempt } = activityInfo();
  process.stdout.write(`activity ${activityType} ${attempt} ${what}\n`);
}

export async function echo<T>(value: T): Promise<T> {
  return Promise.resolve(value);
}

export async function increment(value: number): Promise<number> {
  return Promise.resolve(value + 1);
}

export async function square(value: number): Promise<number> {
  return Promise.resolve(value * value);
}

function attemptInfo(): { attempt: number; lastDetails: unknown } {
  const info = activityInfo();
  return { attempt: info.attempt, lastDetails: info.heartbeatDetails };
}

/** Fails so many times, each time having reported how far it got, and then says what the last attempt left. */
export async function failThenReport(failures: number): Promise<unknown> {
  const { attempt, lastDetails } = attemptInfo();
  heartbeat({ attempt });
  if (attempt <= failures) throw ApplicationFailure.create({ message: `attempt ${attempt}`, type: 'NotYet' });
  return Promise.resolve({ attempt, lastDetails });
}

export async function failAlways(message: string, type: string, nonRetryable: boolean): Promise<never> {
  return Promise.reject(ApplicationFailure.create({ message, type, nonRetryable, details: ['detail', 1] }));
}

/** Asks for its next attempt itself, against the retry policy. */
export async function failWithDelay(delayMs: number): Promise<number> {
  const { attempt } = activityInfo();
  if (attempt === 1) {
    throw ApplicationFailure.create({ message: 'later, please', nextRetryDelay: delayMs });
  }
  return Promise.resolve(attempt);
}

/** Reports once and then stays silent until it is told to end. */
export async function hang(details: unknown): Promise<never> {
  heartbeat(details);
  tell('begins');
  await Context.current().cancelled;
  throw new Error('the promise of a cancellation never resolves');
}

/** Hangs at the first attempt; later ones say what the first reported. */
export async function hangOnce(details: unknown): Promise<unknown> {
  const { attempt, lastDetails } = attemptInfo();
  if (attempt > 1) return { attempt, lastDetails };
  heartbeat(details);
  return await hang(details);
}

/** Reports all the time until it is cancelled; with `result`, it then ends as if nothing had happened. */
export async function reportUntilCancelled(result?: string): Promise<string> {
  tell('begins');
  try {
    for (;;) {
      heartbeat('alive');
      await sleep(100);
    }
  } catch (error) {
    tell('ends');
    if (result === undefined) throw error;
    return result;
  }
}

/** Somebody else completes it. */
export async function completedElsewhere(): Promise<never> {
  return Promise.reject(new CompleteAsyncError());
}

/** Takes its time, whatever happens. */
export async function takeTime(ms: number): Promise<string> {
  tell('begins');
  await new Promise((resolve) => setTimeout(resolve, ms));
  return 'done';
}
