/** Where a pending activity stands. */
export type ActivityState = 'SCHEDULED' | 'STARTED' | 'BACKING_OFF' | 'QUARANTINED';

/** State of a pending activity; times are milliseconds since the epoch, 0 for never. */
export interface ActivityRecord {
  readonly scheduledEventId: number;
  readonly state: ActivityState;
  readonly attempt: number;
  /** When the next of its timeouts, or its back-off, is over. */
  readonly deadlineMs: number;
  /** Id of the event that asked for its cancellation, 0 when none did. */
  readonly cancelRequestedEventId: number;
  /** When its last attempt that was started was; that may be the one before this. */
  readonly startedMs: number;
  readonly scheduledMs: number;
  /** When all attempts must be over. */
  readonly closeByMs: number;
  readonly scheduleToStartTimeoutMs: number;
  readonly startToCloseTimeoutMs: number;
  readonly heartbeatTimeoutMs: number;
  /** Whether a last failure, heartbeat details or lost workers are kept for it. */
  readonly hasDetails: boolean;
  /** The process that it was last started for; 0 when that is not known. */
  readonly worker: number;
}

const STATES: readonly ActivityState[] = ['SCHEDULED', 'STARTED', 'BACKING_OFF', 'QUARANTINED'];

/** Bytes of a record; libs/store/src/lua/include/activity.lua writes the same layout. */
export const ACTIVITY_RECORD_BYTES = 56;

/** Reads the packed state of a pending activity; an older build wrote it without the process at its end. */
export function readActivityRecord(bytes: Buffer): ActivityRecord {
  return {
    scheduledEventId: bytes.readUIntBE(0, 3),
    state: STATES[bytes.readUInt8(3) - 1] ?? 'SCHEDULED',
    attempt: bytes.readUIntBE(4, 3),
    deadlineMs: bytes.readUIntBE(7, 6),
    cancelRequestedEventId: bytes.readUIntBE(13, 3),
    startedMs: bytes.readUIntBE(16, 6),
    scheduledMs: bytes.readUIntBE(22, 6),
    closeByMs: bytes.readUIntBE(28, 6),
    scheduleToStartTimeoutMs: bytes.readUIntBE(34, 5),
    startToCloseTimeoutMs: bytes.readUIntBE(39, 5),
    heartbeatTimeoutMs: bytes.readUIntBE(44, 5),
    hasDetails: bytes.readUInt8(49) > 0,
    worker: bytes.length < ACTIVITY_RECORD_BYTES ? 0 : bytes.readUIntBE(50, 6),
  };
}

/**
 * Reads what was noted when a worker without the activity gave an attempt back: which attempt, when that was first
 * (milliseconds since the epoch), and the encoded failure with what the worker said last.
 */
export function readHandBack(bytes: Buffer): { attempt: number; firstMs: number; failure: Buffer } {
  return { attempt: bytes.readUIntBE(0, 3), firstMs: bytes.readUIntBE(3, 6), failure: bytes.subarray(9) };
}
