import { ApplicationFailure, SESSION_FAILED } from '@tidewheel/common';
import { Slots } from '@tidewheel/polling';

/** A session whose opening was reported and that no workflow holds after this time was opened for nobody. */
const UNHELD_MS = 60_000;
const SHUTTING_DOWN = 'the worker is shutting down';

interface OpenSession {
  isHeld: boolean;
  readonly unheld: NodeJS.Timeout;
  /** Ends the holding activity: in order, or with a failure. */
  readonly end: (failure?: ApplicationFailure) => void;
  readonly ended: Promise<void>;
}

/**
 * Room for sessions. The slot with which a session is opened stays in use until the session is over, so that the worker
 * only asks for another one when it has room.
 */
export class SessionSlots extends Slots {
  private kept = 0;

  /** The slot of a task that runs now is not given back when that task is over, but by {@link giveBack}. */
  keep(): void {
    this.kept++;
  }

  giveBack(): void {
    super.release();
  }

  /** All slots are alike: it does not matter which of the tasks that end keeps its own. */
  override release(): void {
    if (this.kept > 0) this.kept--;
    else super.release();
  }
}

/** The sessions of one worker. */
export class OpenSessions {
  private readonly sessions = new Map<string, OpenSession>();
  private isShuttingDown = false;

  constructor(private readonly slots: SessionSlots) {}

  get count(): number {
    return this.sessions.size;
  }

  /** Opens a session with the slot of the calling task. */
  open(sessionId: string): void {
    // Another worker opens it then.
    if (this.isShuttingDown) throw ApplicationFailure.retryable(SHUTTING_DOWN);
    let end: OpenSession['end'] = () => undefined;
    const ended = new Promise<void>((resolve, reject) => {
      end = (failure) => {
        if (failure) reject(failure);
        else resolve();
      };
    });
    // Nobody may be waiting yet.
    ended.catch(() => undefined);
    const unheld = setTimeout(() => this.remove(sessionId), UNHELD_MS).unref();
    this.slots.keep();
    this.sessions.set(sessionId, { isHeld: false, unheld, end, ended });
  }

  /**
   * Resolves when the session has been closed.
   *
   * @throws ApplicationFailure when there is no such session, or the worker shuts down
   */
  async hold(sessionId: string, stopped: Promise<never>): Promise<void> {
    const session = this.sessions.get(sessionId);
    if (!session || session.isHeld) {
      throw ApplicationFailure.nonRetryable(`the worker does not know session ${sessionId}`, SESSION_FAILED);
    }
    session.isHeld = true;
    clearTimeout(session.unheld);
    try {
      await Promise.race([session.ended, stopped]);
    } finally {
      this.remove(sessionId);
    }
  }

  /** Ends a session in order; says whether there was one. */
  close(sessionId: string): boolean {
    const session = this.sessions.get(sessionId);
    if (!session) return false;
    if (session.isHeld) session.end();
    else this.remove(sessionId);
    return true;
  }

  /** Ends all sessions with a failure, so that their workflows go on elsewhere. */
  shutDown(): void {
    this.isShuttingDown = true;
    for (const [sessionId, { isHeld, end }] of this.sessions) {
      if (isHeld) end(shuttingDown());
      else this.remove(sessionId);
    }
  }

  private remove(sessionId: string): void {
    const session = this.sessions.get(sessionId);
    if (!session) return;
    clearTimeout(session.unheld);
    this.sessions.delete(sessionId);
    this.slots.giveBack();
  }
}

function shuttingDown(): ApplicationFailure {
  return ApplicationFailure.nonRetryable(SHUTTING_DOWN, SESSION_FAILED);
}
