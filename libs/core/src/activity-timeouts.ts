/** The four clocks of an activity in milliseconds; 0 or left out means not set. */
export interface ActivityTimeouts {
  readonly scheduleToCloseTimeoutMs?: number | undefined;
  readonly scheduleToStartTimeoutMs?: number | undefined;
  readonly startToCloseTimeoutMs?: number | undefined;
  readonly heartbeatTimeoutMs?: number | undefined;
}

/** The clocks after normalisation; 0 means no limit. Start-to-close is always set. */
export interface CompleteActivityTimeouts {
  readonly scheduleToCloseTimeoutMs: number;
  readonly scheduleToStartTimeoutMs: number;
  readonly startToCloseTimeoutMs: number;
  readonly heartbeatTimeoutMs: number;
}

/**
 * Fills in the clocks that a command leaves out and caps them: schedule-to-close by the run's timeout, start-to-close
 * and schedule-to-start by schedule-to-close, heartbeat by start-to-close. Undefined when neither start-to-close nor
 * schedule-to-close is given.
 *
 * @param runTimeoutMs the run's timeout, 0 for none
 */
export function completeActivityTimeouts(
  timeouts: ActivityTimeouts,
  runTimeoutMs: number,
): CompleteActivityTimeouts | undefined {
  if (!timeouts.startToCloseTimeoutMs && !timeouts.scheduleToCloseTimeoutMs) return undefined;
  const scheduleToCloseTimeoutMs = capped(timeouts.scheduleToCloseTimeoutMs, runTimeoutMs);
  const startToCloseTimeoutMs = capped(timeouts.startToCloseTimeoutMs, scheduleToCloseTimeoutMs);
  return {
    scheduleToCloseTimeoutMs,
    startToCloseTimeoutMs,
    scheduleToStartTimeoutMs: capped(timeouts.scheduleToStartTimeoutMs, scheduleToCloseTimeoutMs),
    heartbeatTimeoutMs: timeouts.heartbeatTimeoutMs
      ? capped(timeouts.heartbeatTimeoutMs, startToCloseTimeoutMs)
      : 0,
  };
}

/** `value`, or the cap when it is not set or longer; a cap of 0 caps nothing. */
function capped(value: number | undefined, cap: number): number {
  if (!value) return cap;
  return cap > 0 ? Math.min(value, cap) : value;
}
