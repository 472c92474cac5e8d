import { LOG_LEVELS } from '@tidewheel/telemetry';
import type { Logger } from '@tidewheel/telemetry';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A level has a few letters. */
const MAX_BODY_BYTES = 200;
/** What proxies on the same host add, whose callers are anywhere. */
const FORWARDED = ['forwarded', 'x-forwarded-for'];

/** Switches to `debug` with every odd SIGUSR2, and back to what it was with every even one. */
export function switchLevelOnSignal(logger: Logger): void {
  let before: string | undefined;
  process.on('SIGUSR2', () => {
    const next = before ?? 'debug';
    before = before === undefined ? logger.level : undefined;
    setLevel(logger, next);
  });
}

/**
 * Answers GET with the least severe level that is logged, and PUT `{"level":"debug"}` by changing it until the process
 * ends. Only callers on the same host may: who sees the process from afar must not make it chatty, or silent.
 */
export async function answerLogLevel(
  logger: Logger,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method } = request;
  if (method !== 'GET' && method !== 'PUT') {
    response.setHeader('allow', 'GET, PUT');
    answer(response, 405, { title: '/log-level answers GET and PUT' });
  } else if (!isFromThisHost(request)) {
    answer(response, 403, { title: '/log-level answers callers on the same host only' });
  } else if (method === 'PUT') {
    const level = levelOf(await bodyOf(request));
    if (level === undefined) {
      answer(response, 400, { title: `level: must be one of ${LOG_LEVELS.join(', ')}` });
      return;
    }
    setLevel(logger, level);
    answer(response, 200, { level });
  } else {
    answer(response, 200, { level: logger.level });
  }
}

function setLevel(logger: Logger, level: string): void {
  const before = logger.level;
  logger.level = level;
  logger.warn({ before, after: level }, 'the log level was changed');
}

function isFromThisHost({ socket, headers }: IncomingMessage): boolean {
  const address = socket.remoteAddress ?? '';
  const isLoopback = address === '::1' || /^(::ffff:)?127\./.test(address);
  return isLoopback && FORWARDED.every((name) => headers[name] === undefined);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > MAX_BODY_BYTES) return '';
  }
  return body;
}

function levelOf(body: string): (typeof LOG_LEVELS)[number] | undefined {
  try {
    const given: unknown = JSON.parse(body);
    if (typeof given !== 'object' || given === null || !('level' in given)) return undefined;
    return LOG_LEVELS.find((level) => level === given.level);
  } catch {
    return undefined;
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(`${JSON.stringify(body)}\n`);
}
