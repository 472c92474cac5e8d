/**
 * How events, failures and payloads are laid out in bytes: compact, self-describing enough that old bytes stay
 * readable, and opaque to scripts but for each event's head.
 *
 * @example
 * ```ts
 * import { decodeEvent, encodeEvent } from '@tidewheel/codec';
 *
 * const bytes = encodeEvent({
 *   eventId: 5, eventTimeMs: 1_795_000_000_000, eventType: 'TimerStarted',
 *   attributes: { timerId: '1', startToFireTimeoutMs: 1000, workflowTaskCompletedEventId: 4 },
 * });
 * decodeEvent(bytes, 5);
 * ```
 */
export { CorruptEncodingError } from './byte-reader.js';
export { decodeEvent, decodeEvents, encodeEvent, encodeEventBody, packEvents } from './event-codec.js';
export type { BodyAttributes } from './event-schema.js';
export { decodeFailure, encodeFailure } from './failure-codec.js';
export { decodePayloadMap, decodePayloads, encodePayloadMap, encodePayloads } from './payloads-value.js';
