import type { RedisServer } from './redis-connection.js';

/**
 * A blocking read that ends when its connection is thrown away.
 *
 * ioredis alone does not see to that: of a connection that is between two attempts to connect when it is disconnected,
 * commands under way neither resolve nor reject, and whoever waits for them waits for ever.
 */
export class BreakableRead {
  private breakOff: (error: Error) => void = () => undefined;

  /** Gives what `reply` gives, unless {@link discard} comes first: then it rejects. One at a time. */
  of<T>(reply: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.breakOff = reject;
      reply.then(resolve, reject);
    });
  }

  /** Throws a connection away, and ends the read that is under way on it. */
  discard(connection: RedisServer): void {
    connection.disconnect();
    this.breakOff(new Error('Connection is closed.'));
  }
}
