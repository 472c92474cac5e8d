import { PROBLEM_MEDIA_TYPE } from '@tidewheel/protocol';
import { setTimeout as sleep } from 'node:timers/promises';

/** An answer of the API that no retry would change. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** How many attempts before it ended without an answer, or with one that leaves open what was done. */
  readonly unansweredAttempts: number;
}

/** An answer that the API must never give, or one that never came. */
class ApiFaultError extends Error {
  override readonly name = 'ApiFaultError';
}

const REQUEST_TIMEOUT_MS = 40_000;
const PAUSE_MS = 100;
/** Answers after which the same request is to be sent again: busy, not available, too late. */
const REPEATABLE = [429, 503, 504];

/** Asks the API as a real client would: one process after the other until there is an answer, with the same request. */
export class ApiClient {
  /** Answers by status, over all attempts. */
  readonly answers = new Map<string, number>();
  private turn = 0;

  constructor(
    private readonly urls: readonly string[],
    private readonly stopped: AbortSignal,
  ) {}

  /**
   * Sends a request until it is answered.
   *
   * @param patienceMs how long to wait for an answer until it is sent once more, to another process
   * @throws ApiFaultError for a status 500, or a refusal that is no problem+json
   */
  async ask(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    patienceMs = REQUEST_TIMEOUT_MS,
  ): Promise<ApiAnswer> {
    for (let unansweredAttempts = 0; ; unansweredAttempts++) {
      this.stopped.throwIfAborted();
      const answer = await this.attempt(method, path, body, patienceMs);
      if (answer) return { ...answer, unansweredAttempts };
      await sleep(PAUSE_MS);
    }
  }

  private async attempt(
    method: string,
    path: string,
    body: unknown,
    patienceMs: number,
  ): Promise<Omit<ApiAnswer, 'unansweredAttempts'> | undefined> {
    const url = `${this.urls[this.turn++ % this.urls.length] ?? ''}${path}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        signal: AbortSignal.any([this.stopped, AbortSignal.timeout(patienceMs)]),
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
      text = await response.text();
    } catch {
      this.count('none');
      return undefined;
    }
    const { status } = response;
    this.count(String(status));
    if (status >= 400) checkProblem(response, `${method} ${url}`, text);
    if (REPEATABLE.includes(status)) return undefined;
    return { status, body: JSON.parse(text) as Record<string, unknown> };
  }

  private count(status: string): void {
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
  }
}

function checkProblem(response: Response, what: string, text: string): void {
  const type = response.headers.get('content-type') ?? '';
  if (response.status === 500 || !type.startsWith(PROBLEM_MEDIA_TYPE)) {
    throw new ApiFaultError(`${what} was answered with ${response.status} (${type}): ${text}`);
  }
}
