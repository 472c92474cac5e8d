/**
 * Says what a history violates of the rules that every history keeps. For tests, above all for those that kill
 * processes at random moments.
 *
 * @example
 * ```ts
 * import { checkHistory } from '@tidewheel/history-checker';
 *
 * const { events, status } = await engine.getHistory({ namespace: 'default', workflowId: 'order-1' });
 * expect(checkHistory(events, { status })).toEqual([]);
 * ```
 */
export { checkHistory } from './check-history.js';
export type { HistoryCheckOptions } from './check-history.js';
