/** How much one read of several streams may ask for. */
export interface ReadQuota {
  /** How many of the streams to read. */
  readonly streams: number;
  /** Entries to ask for per stream. */
  readonly perStream: number;
}

/**
 * Shares free slots among streams so that even if every stream gives all it is asked for, nothing is read that there is
 * no slot for. With fewer slots than streams only some streams are read; the caller takes turns.
 */
export function readQuota(freeSlots: number, streams: number): ReadQuota {
  if (freeSlots <= 0 || streams <= 0) return { streams: 0, perStream: 0 };
  if (freeSlots < streams) return { streams: freeSlots, perStream: 1 };
  return { streams, perStream: Math.floor(freeSlots / streams) };
}
