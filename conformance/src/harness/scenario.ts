import type { ScenarioContext } from './scenario-context.js';

/** One thing that official clients and workers expect, tried against the gateway. */
export interface Scenario {
  readonly name: string;
  /** Fails with whatever is thrown. */
  readonly run: (context: ScenarioContext) => Promise<void>;
  /** Whether the histories of its workflows are replayed at the end; default true. */
  readonly replays?: boolean;
  /** Whether it needs more of the deployment than the gateway: the Redis behind it, and the REST API. */
  readonly needsOwnDeployment?: boolean;
}
