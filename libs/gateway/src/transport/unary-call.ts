import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { LIMITS } from '@tidewheel/core';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { CallContext } from '../call-context.js';
import { GatewayError, toServiceError } from '../errors.js';
import { ACCEPTED_ENCODINGS, PREFIX_BYTES, requestMessage } from './request-message.js';
import { timeoutMs } from './timeout.js';

/** A method that answers one message with one message. */
export interface UnaryMethod {
  /** For example `StartWorkflowExecution`. */
  readonly name: string;
  /** For example `/temporal.api.workflowservice.v1.WorkflowService/StartWorkflowExecution`. */
  readonly path: string;
  /** From the bytes of a request to those of its answer. What it throws is sent as {@link toServiceError} says. */
  answer(request: Buffer, call: UnaryCall): Promise<Uint8Array>;
}

const HEAD = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': ACCEPTED_ENCODINGS,
};
const HEAD_OPTIONS = { waitForTrailers: true, sendDate: false };
const OK_TRAILERS = { 'grpc-status': status.OK };
const REFUSAL_OPTIONS = { endStream: true, sendDate: false };

/** Why a call is given up; made once, as a reason made for each call records a stack. */
const CANCELLED = new Error('the call was cancelled');

/** One call of a {@link UnaryMethod}, from the headers of its request to its status. */
export class UnaryCall implements CallContext {
  deadlineMs = Infinity;
  private readonly parts: Buffer[] = [];
  private bytes = 0;
  private answered = false;
  private abandoned = false;
  private abort: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly headers: IncomingHttpHeaders,
    private readonly called: UnaryMethod,
  ) {}

  /** Reads the request, has it answered, and sends the answer. */
  start(): void {
    const { stream } = this;
    // A broken stream closes, and that is what counts.
    stream.on('error', ignore);
    stream.once('close', () => this.onClose());
    try {
      const limitMs = timeoutMs(this.headers['grpc-timeout']);
      this.deadlineMs = Date.now() + limitMs;
      if (limitMs !== Infinity) this.timer = setTimeout(() => this.expire(), wholeSeconds(limitMs));
    } catch (error) {
      this.refuse(error);
      return;
    }
    stream.on('data', (part: Buffer) => this.take(part));
    stream.once('end', () => this.run());
  }

  get method(): string {
    return this.called.name;
  }

  get cancelled(): boolean {
    // A stream is destroyed some moments before it tells that it has closed.
    return this.abandoned || this.stream.destroyed || this.stream.closed;
  }

  get signal(): AbortSignal {
    if (!this.abort) {
      this.abort = new AbortController();
      if (this.abandoned) this.abort.abort(CANCELLED);
    }
    return this.abort.signal;
  }

  get metadata(): Metadata {
    return Metadata.fromHttp2Headers(this.headers);
  }

  cancel(): void {
    if (this.abandoned) return;
    this.abandoned = true;
    this.abort?.abort(CANCELLED);
  }

  private take(part: Buffer): void {
    this.bytes += part.length;
    if (this.bytes <= PREFIX_BYTES + LIMITS.grpcRequestBytes) {
      this.parts.push(part);
      return;
    }
    this.parts.length = 0;
    const most = `a request may have ${LIMITS.grpcRequestBytes} bytes`;
    this.refuse(new GatewayError(status.RESOURCE_EXHAUSTED, most));
  }

  private run(): void {
    if (this.answered) return;
    this.answer().then(
      (response) => this.respond(response),
      (error: unknown) => this.refuse(error),
    );
  }

  private async answer(): Promise<Uint8Array> {
    const [first = NO_BYTES] = this.parts;
    const body = this.parts.length > 1 ? Buffer.concat(this.parts, this.bytes) : first;
    this.parts.length = 0;
    const message = requestMessage(body, this.headers['grpc-encoding']?.toString() ?? 'identity');
    return await this.called.answer(Buffer.isBuffer(message) ? message : await message, this);
  }

  private respond(message: Uint8Array): void {
    if (!this.settle()) return;
    const { stream } = this;
    stream.respond(HEAD, HEAD_OPTIONS);
    stream.once('wantTrailers', () => stream.sendTrailers(OK_TRAILERS));
    stream.end(framed(message));
  }

  private refuse(error: unknown): void {
    if (this.settle()) sendRefusal(this.stream, toServiceError(error));
  }

  private expire(): void {
    this.refuse(new GatewayError(status.DEADLINE_EXCEEDED, 'Deadline exceeded'));
    this.cancel();
  }

  private onClose(): void {
    clearTimeout(this.timer);
    if (!this.answered) this.cancel();
  }

  /** Whether there is still somebody to be answered, who then has been. */
  private settle(): boolean {
    clearTimeout(this.timer);
    if (this.answered || this.stream.destroyed || this.stream.closed) return false;
    this.answered = true;
    return true;
  }
}

const NO_BYTES = Buffer.alloc(0);

function ignore(): void {
  // Nothing to be done.
}

/** Timers of the same length share a list. The caller, who stops waiting by itself, does not see that one is late. */
function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}

function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + message.byteLength);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.byteLength, 1);
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}

function sendRefusal(stream: ServerHttp2Stream, { code, details, metadata }: ServiceError): void {
  stream.respond(
    {
      ...HEAD,
      'grpc-status': code,
      // Whatever is no character at all becomes one that can be encoded.
      'grpc-message': encodeURI(Buffer.from(details).toString()),
      ...metadata.toHttp2Headers(),
    },
    REFUSAL_OPTIONS,
  );
  // What is still to come of the request has to be read for the stream to close.
  stream.resume();
}
