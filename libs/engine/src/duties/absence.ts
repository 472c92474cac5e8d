/** A process that reads tasks shows itself every few seconds; after this long it counts as absent, in milliseconds. */
export const ABSENT_MS = 12_000;

/** When a process was last seen is known for this long, in milliseconds; forgetAbsent.lua and leavePresence.lua keep it. */
export const DEPARTED_KEPT_MS = 86_400_000;
