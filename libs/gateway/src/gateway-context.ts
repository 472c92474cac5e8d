import type { Engine, EngineLogger } from '@tidewheel/engine';

/** What the handlers of methods work with. */
export interface GatewayContext {
  readonly engine: Engine;
  readonly logger: EngineLogger;
  /** Version of the program, as clients are told it. */
  readonly version: string;
}
