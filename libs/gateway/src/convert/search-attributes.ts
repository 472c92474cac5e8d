import { isEventOf, settableSearchAttributeType } from '@tidewheel/core';
import type { HistoryEvent, PayloadMap, SearchAttributeTypes } from '@tidewheel/core';
import type { EngineContext } from '@tidewheel/engine';
import type { P } from '../proto.js';
import { payloadToProto } from './payload.js';

/** The metadata by which clients know how to read the value of a search attribute. */
const TYPE = 'type';

interface SearchAttributes {
  readonly indexedFields: Record<string, P.Payload>;
}

/** Search attributes as clients read them: each with its type where that is known and the payload does not say it. */
export function searchAttributesToProto(
  map: PayloadMap | undefined,
  types: SearchAttributeTypes | undefined,
): SearchAttributes {
  const fields = Object.entries(map ?? {}).map(([name, payload]) => {
    const type = payload.metadata[TYPE] ? undefined : settableSearchAttributeType(types, name);
    const typed = type
      ? { ...payload, metadata: { ...payload.metadata, [TYPE]: Buffer.from(type) } }
      : payload;
    return [name, payloadToProto(typed)] as const;
  });
  return { indexedFields: Object.fromEntries(fields) };
}

/** The types that the search attributes of events need; the namespace is asked only when some event has any. */
export async function typesForEvents(
  context: EngineContext,
  namespace: string,
  events: readonly HistoryEvent[],
): Promise<SearchAttributeTypes | undefined> {
  const areNeeded = events.some(
    (event) =>
      isEventOf(event, 'UpsertWorkflowSearchAttributes') ||
      ((isEventOf(event, 'WorkflowExecutionStarted') ||
        isEventOf(event, 'WorkflowExecutionContinuedAsNew')) &&
        event.attributes.searchAttributes !== undefined),
  );
  return areNeeded ? (await context.namespaces.require(namespace)).searchAttributes : undefined;
}
