/** Processor time that this process has used since its start, all threads together, in microseconds. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** The call that every process of the bench answers. */
export type UsageCalls = {
  /** Processor time since the start of the process, in microseconds. */
  readonly cpuMicros: () => number;
};
