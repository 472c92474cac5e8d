import { makeProblem, PROBLEM_MEDIA_TYPE } from '@tidewheel/protocol';
import type { ProblemCode } from '@tidewheel/protocol';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Lets the server answer with a problem what is no HTTP request, or a too large or too slow one. */
export function answerBrokenRequests(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(answerTo(error));
  });
}

function answerTo(error: NodeJS.ErrnoException): string {
  const [code, detail] = meaningOf(error.code);
  const requestId = randomUUID();
  const problem = makeProblem(code, detail, requestId);
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}; charset=utf-8`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

function meaningOf(code: string | undefined): [ProblemCode, string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return ['HEADERS_TOO_LARGE', 'path and headers together are too long'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['REQUEST_TIMEOUT', 'the request did not arrive in time'];
    default:
      return ['INVALID_ARGUMENT', 'this is not an HTTP request'];
  }
}
