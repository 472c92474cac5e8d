import { Cluster } from 'ioredis';

/** What can be done with a command that failed, as ioredis offers it. */
interface FailureHandlers {
  /** Sends it again, when the cluster can be asked, to whichever node is said to serve its slot. */
  readonly connectionClosed: () => void;
}

/** Replies of a node that is not, or not yet, the one to talk to. */
const NOT_SERVING = ['READONLY', 'LOADING', 'MASTERDOWN'];
const CONNECTION_CLOSED = 'Connection is closed.';
const RETRY_MS = 100;

/**
 * A connection to a Redis Cluster whose commands wait for as long as no node serves their slot, as those to a single
 * server do. ioredis alone gives up after some redirections, and when all nodes are away at once.
 */
export class PatientCluster extends Cluster {
  private closing = false;

  override disconnect(reconnect = false): void {
    if (!reconnect) this.closing = true;
    super.disconnect(reconnect);
  }

  override handleError(error: Error, attempts: { value?: unknown }, handlers: FailureHandlers): void {
    // The budget of redirections begins anew each time.
    delete attempts.value;
    if (!this.closing && this.isOutOfService(error)) {
      // Not unref'd: a process that waits for a reply does not end before it.
      setTimeout(() => {
        this.refreshSlotsCache(() => handlers.connectionClosed());
      }, RETRY_MS);
    } else super.handleError(error, attempts, handlers);
  }

  private isOutOfService({ message }: Error): boolean {
    if (message === CONNECTION_CLOSED) return this.status !== 'ready';
    return NOT_SERVING.some((reply) => message.startsWith(reply));
  }
}
