let clock: (() => number) | undefined;

/** Gives the realm a wall clock; its own `Date` shows the workflow's time. */
export function setWallClock(wallClock: () => number): void {
  clock = wallClock;
}

/** The wall clock, in milliseconds since the epoch. Nothing that a workflow decides may depend on it. */
export function wallClockMs(): number {
  return clock?.() ?? 0;
}
