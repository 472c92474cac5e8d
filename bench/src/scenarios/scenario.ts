import type { Round } from '../measurement.js';
import type { BenchOptions } from '../options.js';

/** A load with a name. */
export interface Scenario {
  readonly name: string;
  /** What an item is, for the notes of the table. */
  readonly item: string;
  /** Items under way at once, when nothing else is asked for: one line of the table for each. 0: there is no such thing. */
  readonly inFlight: readonly number[];
  /** Sets up a deployment of its own, warms it up, and measures rounds. */
  readonly run: (options: BenchOptions, inFlight: number) => Promise<readonly Round[]>;
}
