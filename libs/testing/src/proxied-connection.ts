import type { Socket } from 'node:net';
import { ByteFlow, type FlowDirection, type FlowRules } from './byte-flow.js';

interface ProxiedConnectionOptions {
  readonly client: Socket;
  /** The socket to the target, possibly still connecting. Without one the connection is silent from the start. */
  readonly target: Socket | undefined;
  readonly rules: FlowRules;
  /** Called when the rules permitted no further byte in this direction, after the permitted ones were written. */
  readonly onSpent: (direction: FlowDirection) => void;
  /** Called once, when both sockets are closed. */
  readonly onClosed: () => void;
}

/**
 * One client of a proxy, with its socket to the target.
 * It is *forwarding*, in which ends and resets of one side reach the other as they would without a proxy, or *silent*,
 * in which each side stays open however the other one fares. It never returns from silent to forwarding, because the
 * bytes lost meanwhile would leave the two in the middle of different messages.
 */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #target: Socket | undefined;
  readonly #flows: readonly ByteFlow[];
  #silent: boolean;

  constructor({ client, target, rules, onSpent, onClosed }: ProxiedConnectionOptions) {
    this.#client = client;
    this.#target = target;
    this.#silent = target === undefined;
    const sockets = target ? [client, target] : [client];
    for (const socket of sockets) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined); // 'close' follows and tells that there was an error
      socket.on('close', (hadError) => {
        if (hadError && !this.#silent) this.cut();
        if (sockets.every(({ closed }) => closed)) onClosed();
      });
    }
    if (target) {
      const flow = (direction: FlowDirection, source: Socket, destination: Socket): ByteFlow =>
        new ByteFlow({ source, destination, direction, rules, onSpent: () => onSpent(direction) });
      this.#flows = [flow('toTarget', client, target), flow('toClient', target, client)];
    } else {
      this.#flows = [];
      client.resume();
    }
  }

  /** Whether the client's side is still open, as far as the proxy knows. */
  get isOpen(): boolean {
    return !this.#client.destroyed;
  }

  /** To be called when the rules have changed. */
  pump(): void {
    for (const flow of this.#flows) flow.pump();
  }

  /** Becomes silent, for good: bytes and ends of either side are swallowed. */
  silence(): void {
    this.#silent = true;
    for (const flow of this.#flows) flow.stop();
  }

  /** Breaks both sides with a TCP reset. */
  cut(): void {
    this.silence();
    reset(this.#client);
    if (this.#target) reset(this.#target);
  }

  /** Breaks both sides, but what was already written in `direction` still arrives, followed by the end. */
  cutAfterWritten(direction: FlowDirection): void {
    this.silence();
    const [receiver, sender] =
      direction === 'toClient' ? [this.#client, this.#target] : [this.#target, this.#client];
    receiver?.destroySoon();
    if (sender) reset(sender);
  }
}

function reset(socket: Socket): void {
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}
