import type { Socket } from 'node:net';

/** Which way bytes go through a proxy. */
export type FlowDirection = 'toTarget' | 'toClient';

/** What is done to bytes at the moment; one object shared by all flows of a proxy, which changes it. */
export interface FlowRules {
  /** Delay of each chunk from its arrival on, in milliseconds. */
  readonly latencyMs: number;
  /** While true nothing is delivered, and everything is kept. */
  readonly frozen: boolean;
  /** Asks for permission to deliver some bytes; gives how many of them may pass. Fewer than asked: the line is cut then. */
  readonly spend: (direction: FlowDirection, byteCount: number) => number;
}

interface ByteFlowOptions {
  readonly source: Socket;
  readonly destination: Socket;
  readonly direction: FlowDirection;
  readonly rules: FlowRules;
  /** Called after the last permitted byte has been written to `destination`. */
  readonly onSpent: () => void;
}

interface QueuedChunk {
  /** Undefined stands for the end of the stream, which waits its turn behind the bytes. */
  readonly bytes: Buffer | undefined;
  readonly dueAtMs: number;
}

/** Above this the source is no longer read, so that its sender feels the back-pressure of a slow or frozen line. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/** Carries the bytes of one direction of one connection, in order, under the rules that hold when they are due. */
export class ByteFlow {
  readonly #options: ByteFlowOptions;
  readonly #queue: QueuedChunk[] = [];
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #destinationIsFull = false;
  #stopped = false;

  constructor(options: ByteFlowOptions) {
    this.#options = options;
    // Without an encoding set, a stream gives bytes; newer declarations of Node.js' types name text as well.
    options.source.on('data', (bytes: string | Buffer) => this.#enqueue(Buffer.from(bytes)));
    options.source.on('end', () => this.#enqueue(undefined));
    options.destination.on('drain', () => {
      this.#destinationIsFull = false;
      this.pump();
    });
  }

  /** Delivers everything that may be delivered now. To be called when the rules have changed. */
  pump(): void {
    clearTimeout(this.#timer);
    const { rules, source } = this.#options;
    while (!this.#stopped && !rules.frozen && !this.#destinationIsFull) {
      const next = this.#queue[0];
      if (!next) break;
      const earlyByMs = next.dueAtMs - performance.now();
      if (earlyByMs > 0) {
        this.#timer = setTimeout(() => this.pump(), earlyByMs);
        break;
      }
      this.#queue.shift();
      this.#deliver(next);
    }
    if (this.#stopped || this.#queuedBytes < MAX_QUEUED_BYTES) source.resume();
    else source.pause();
  }

  /** From now on bytes are read and thrown away; those that waited are lost too. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.pump();
  }

  #enqueue(bytes: Buffer | undefined): void {
    if (this.#stopped) return;
    this.#queue.push({ bytes, dueAtMs: performance.now() + this.#options.rules.latencyMs });
    this.#queuedBytes += bytes?.length ?? 0;
    this.pump();
  }

  #deliver({ bytes }: QueuedChunk): void {
    const { destination, direction, rules, onSpent } = this.#options;
    if (!bytes) {
      destination.end();
      return;
    }
    this.#queuedBytes -= bytes.length;
    const permitted = rules.spend(direction, bytes.length);
    if (permitted > 0) this.#destinationIsFull = !destination.write(bytes.subarray(0, permitted));
    if (permitted < bytes.length) onSpent();
  }
}
