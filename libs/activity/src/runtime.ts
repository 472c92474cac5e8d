/**
 * What a worker needs to run activities, without making the process track which activity its promises belong to: that
 * begins when activity code imports `@tidewheel/activity`.
 *
 * @example
 * ```ts
 * import { Context, runInActivityContext } from '@tidewheel/activity/runtime';
 *
 * const result = await runInActivityContext(new Context(options), () => resize('a.png'));
 * ```
 */
export { Context, runInActivityContext } from './activity-context.js';
export type { ContextOptions } from './activity-context.js';
export type { ActivityInfo } from './activity-info.js';
export { CompleteAsyncError } from './async-completion.js';
