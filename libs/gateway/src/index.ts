/**
 * Temporal's WorkflowService over gRPC, translated to the engine's use-cases: official clients and workers run on it as
 * they are.
 *
 * @example
 * ```ts
 * import { Engine } from '@tidewheel/engine';
 * import { Gateway } from '@tidewheel/gateway';
 *
 * const engine = await Engine.open({ connection: { url: 'redis://127.0.0.1:7379' } });
 * const gateway = await Gateway.start({ engine, port: 7233 });
 * console.log(gateway.address);
 * ```
 */
export { Gateway } from './server.js';
export type { GatewayOptions } from './server.js';
export type { Authorize, AuthorizedCall, Guard } from './dispatch.js';
export { accessRefused } from './errors.js';
