import type { ActivationRequest, ActivationResult, WorkflowCacheLimits } from './activation-request.js';
import type { WorkflowCacheStats } from './activation-request.js';
import type { RealmCode } from './workflow-realm.js';

/** What a workflow thread is started with. */
export interface ThreadSetup {
  readonly code: RealmCode;
  readonly sourceMap: string | undefined;
  readonly limits: WorkflowCacheLimits;
  /** One 32-bit integer: the number of the request being run, or 0. The main thread watches it. */
  readonly heartbeat: SharedArrayBuffer;
}

/** A request on its way: its events are a part of the batch's common area. */
export interface NumberedRequest {
  readonly number: number;
  readonly request: Omit<ActivationRequest, 'packedEvents'>;
  readonly eventsOffset: number;
  readonly eventsLength: number;
}

/** What the main thread tells a workflow thread. */
export type ThreadCommand =
  | { readonly kind: 'activate'; readonly requests: readonly NumberedRequest[]; readonly area: ArrayBuffer }
  | { readonly kind: 'evict'; readonly runId: string };

/** What a workflow thread answers. */
export type ThreadReport =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'activated';
      readonly results: readonly { readonly number: number; readonly result: ActivationResult }[];
      readonly stats: WorkflowCacheStats;
    };
