/** The activities that workflows and session workers speak to each other with. */
export const SESSION_ACTIVITIES = {
  /** On the creation queue: takes one of a worker's sessions; gives an {@link OpenedSession}. */
  open: '__tidewheel_open_session',
  /** On the control queue: runs and heartbeats as long as the session is there. */
  hold: '__tidewheel_hold_session',
  /** On the control queue: ends the session. */
  close: '__tidewheel_close_session',
} as const;

/** The `type` of failures that say that a session is gone. */
export const SESSION_FAILED = 'SessionFailedError';

/** A session that a worker has opened, as its history keeps it. */
export interface OpenedSession {
  readonly sessionId: string;
  /** The queue of the host: what is scheduled there runs where the session is. */
  readonly taskQueue: string;
  /** Where the session itself is held and closed. */
  readonly controlTaskQueue: string;
}

/** The queue on which all session workers of a task queue wait to open sessions. */
export function sessionCreationQueue(taskQueue: string): string {
  return `${taskQueue}__internal_session_creation`;
}
