/**
 * What an event is larger on the wire than in the store, about: there it has a time and an id of its own and spells out
 * what the store leaves out, such as task queues and default timeouts.
 */
const EVENT_ENVELOPE_BYTES = 50;
/** What the first event says beside that: the run's id twice over, and the workflow's. */
const FIRST_EVENT_BYTES = 100;

/**
 * Bytes of a history as clients know it: about what its events take when they are sent. The engine counts them packed,
 * and its limits are about that.
 */
export function historySizeOnWire(storedBytes: number, events: number): number {
  return storedBytes + FIRST_EVENT_BYTES + events * EVENT_ENVELOPE_BYTES;
}
