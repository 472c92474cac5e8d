/**
 * Reads tasks: one blocking connection a process, however many queues are polled, and never more than there are slots for.
 *
 * @example
 * ```ts
 * import { Slots, TaskReader } from '@tidewheel/polling';
 *
 * const slots = new Slots(100);
 * await TaskReader.of(engine, logger).add({ streams, slots, deliver: (stream, entries) => start(stream, entries) });
 * ```
 */
export { PacedRoom } from './paced-room.js';
export { Slots } from './slots.js';
export type { HeldSlot, TaskRoom, TaskSlots } from './slots.js';
export { PollSize } from './poll-size.js';
export type { PollSizeLimits } from './poll-size.js';
export { TaskReader } from './task-reader.js';
export type { ChangingStreams, PolledStream, Poller } from './poller.js';
export { VersionStreams } from './version-streams.js';
export type { ThrottleCounts } from './throttle.js';
