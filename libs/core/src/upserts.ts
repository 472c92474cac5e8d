import type { HistoryEvent } from './event.js';
import type { Payload, PayloadMap } from './payload.js';

/** Memo and search attributes of a run; absent when there is none. */
interface RunProperties {
  readonly memo?: PayloadMap;
  readonly searchAttributes?: PayloadMap;
}

/** What a run started with, changed by its upserts in their order. Events of other types change nothing. */
export function foldUpserts(started: RunProperties, events: readonly HistoryEvent[]): RunProperties {
  let { memo, searchAttributes } = started;
  for (const event of events) {
    if (event.eventType === 'WorkflowPropertiesModified') {
      memo = merged(memo, event.attributes.upsertedMemo);
    } else if (event.eventType === 'UpsertWorkflowSearchAttributes') {
      searchAttributes = merged(searchAttributes, event.attributes.searchAttributes);
    }
  }
  return { ...(memo && { memo }), ...(searchAttributes && { searchAttributes }) };
}

function merged(map: PayloadMap | undefined, upserts: PayloadMap): PayloadMap {
  const values = new Map(Object.entries(map ?? {}));
  for (const [name, payload] of Object.entries(upserts)) {
    if (removes(payload)) values.delete(name);
    else values.set(name, payload);
  }
  return Object.fromEntries(values);
}

/** An upsert with no value, or with an empty list, takes the name away. */
function removes({ metadata, data }: Payload): boolean {
  const encoding = metadata['encoding'] && textOf(metadata['encoding']);
  return (
    (encoding === 'binary/null' && data.byteLength === 0) ||
    (encoding === 'json/plain' && ['null', '[]'].includes(textOf(data)))
  );
}

function textOf(bytes: Uint8Array): string {
  return bytes.byteLength > 20 ? '' : String.fromCharCode(...bytes);
}
