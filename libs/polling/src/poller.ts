import type { QueueName } from '@tidewheel/engine';
import type { RawStreamEntry } from '@tidewheel/store';
import type { TaskRoom } from './slots.js';
import type { Throttle } from './throttle.js';

/** A stream to read, in the order that matters to its poller. */
export interface PolledStream {
  readonly key: string;
  readonly partition: number;
}

/** Streams of which others are to be read as time goes by. */
export interface ChangingStreams {
  /** What is to be read by now. */
  next(): readonly PolledStream[];
  /** These exist now, and are the ones to read. */
  use(streams: readonly PolledStream[]): void;
  /** Calls back whenever others may have to be read; returns how to end that. */
  watch(changed: () => void): () => void;
}

/** Somebody who wants tasks from some streams, as many as there is room for. */
export interface Poller {
  readonly streams: readonly PolledStream[];
  readonly slots: TaskRoom;
  /** Only of a poller whose streams change. */
  readonly changing?: ChangingStreams | undefined;
  /**
   * Whether it gives back entries that it has no room for. With room for fewer tasks than it has streams, such a poller
   * waits for all of them at once as long as little comes, and is not kept from some of them while it waits for others.
   */
  readonly returnsSurplus?: boolean;
  /** The task queue whose dispatch rate holds for everything that is read for it; undefined for what has no rate. */
  readonly ratedQueue?: QueueName;
  /** Hears of each read that was made for it: how many entries it brought. Of reads that were cut short it hears nothing. */
  noteRead?(found: number): void;
  /** Gets entries for which room is taken from now on. */
  deliver(stream: PolledStream, entries: readonly RawStreamEntry[]): void;
}

/** What is known of a poller that is read for. */
export interface PollerState {
  /** On how many lanes its streams are. */
  readonly lanes: number;
  /** Streams in a row in which nothing was found, of a poller that returns surplus. */
  quietStreams: number;
  /** Of a poller whose queue may have a dispatch rate. */
  readonly throttle: Throttle | undefined;
}
