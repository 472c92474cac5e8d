import type { LostWorker } from '@tidewheel/core';

/** What is kept beside a run about a task whose workers were lost. */
interface QuarantineNote {
  /** The last of them, the oldest first. */
  readonly lost: readonly LostWorker[];
  /** Only when it is quarantined. */
  readonly quarantine?: QuarantineInfo;
}

/** Why a task is quarantined. */
export interface QuarantineInfo {
  readonly reason: string;
  /** How many workers were lost with it in a row. */
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** The last of them, by name. */
  readonly identities: readonly string[];
}

/** Names of lost workers that are shown. */
const SHOWN_IDENTITIES = 10;

/** A note as it is stored. */
export function encodeNote(note: QuarantineNote): string {
  return JSON.stringify(note);
}

/** Reads a stored note; one that is not there says that nobody was lost. */
export function decodeNote(bytes: Buffer | null | undefined): QuarantineNote {
  return bytes ? (JSON.parse(bytes.toString()) as QuarantineNote) : { lost: [] };
}

/** The note of a task that is quarantined because workers died while they had it. */
export function noteOfDeaths(what: string, lost: readonly LostWorker[], nowMs: number): QuarantineNote {
  const identities = lost.map(({ identity }) => identity);
  const reason = `${lost.length} workers in a row died while they ran this ${what}`;
  return {
    lost: [],
    quarantine: { reason, count: lost.length, sinceMs: nowMs, identities: shown(identities) },
  };
}

/** The note of a task that is quarantined because workers died after they had read it, before they started it. */
export function noteOfDeliveries(
  what: string,
  deliveries: number,
  readers: readonly string[],
  nowMs: number,
): QuarantineNote {
  const reason = `${deliveries} workers died after they had read this ${what}, before they started it`;
  return { lost: [], quarantine: { reason, count: deliveries, sinceMs: nowMs, identities: shown(readers) } };
}

function shown(identities: readonly string[]): string[] {
  return identities.filter((identity) => identity !== '').slice(-SHOWN_IDENTITIES);
}
