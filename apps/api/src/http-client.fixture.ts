import { PROBLEM_MEDIA_TYPE, problemSchema, ROUTES } from '@tidewheel/protocol';
import type { Problem, Route } from '@tidewheel/protocol';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body of a JSON answer. */
  readonly json: unknown;
  /** The parsed and checked body of a refusal. */
  readonly problem: Problem | undefined;
}

interface HttpOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends requests exactly as they are given, and holds every answer against the contract. */
export class HttpClient {
  constructor(private readonly port: number) {}

  get(path: string, options?: HttpOptions): Promise<HttpAnswer> {
    return this.send('GET', path, undefined, options);
  }

  /** Sends a value as JSON. */
  post(path: string, body?: unknown, options: HttpOptions = {}): Promise<HttpAnswer> {
    if (body === undefined) return this.send('POST', path, undefined, options);
    return this.send('POST', path, JSON.stringify(body), {
      ...options,
      headers: { 'content-type': 'application/json', ...options.headers },
    });
  }

  async send(
    method: string,
    path: string,
    body?: string | Buffer,
    { headers = {}, signal }: HttpOptions = {},
  ): Promise<HttpAnswer> {
    const answer = await this.exchange(method, path, body, headers, signal);
    if (method !== 'HEAD') checkContract(method, path, answer);
    return answer;
  }

  private exchange(
    method: string,
    path: string,
    body: string | Buffer | undefined,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port: this.port,
          method,
          path,
          headers: { ...length, ...headers },
          agent: false,
          ...(signal && { signal }),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const type = response.headers['content-type'] ?? '';
            const json: unknown = type.includes('json') && text !== '' ? JSON.parse(text) : undefined;
            const isProblem = type.startsWith(PROBLEM_MEDIA_TYPE) && method !== 'HEAD';
            const problem = isProblem ? problemSchema.parse(json) : undefined;
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json, problem });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }
}

function checkContract(method: string, path: string, answer: HttpAnswer): void {
  const { status, problem, headers, json } = answer;
  if (problem && (problem.status !== status || problem.requestId !== headers['x-request-id'])) {
    throw new Error(`the problem contradicts its answer (${status}): ${JSON.stringify(problem)}`);
  }
  const route = Object.values<Route>(ROUTES).find(
    (candidate) => candidate.method === method.toLowerCase() && patternOf(candidate.path).test(path),
  );
  if (!route || problem) return;
  if (status !== route.success.status && status !== route.alternative?.status) {
    throw new Error(`${method} ${path} is answered with ${status}, which the contract does not name`);
  }
  route.success.schema.parse(json);
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/?]+')}(\\?|$)`);
}
