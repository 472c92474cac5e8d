import { decodePayloadMap, encodePayloadMap } from '@tidewheel/codec';
import {
  BAD_ATTRIBUTES_CAUSES,
  LIMITS,
  mergeUpserts,
  payloadsSizeBytes,
  searchAttributesSizeFault,
} from '@tidewheel/core';
import type { CommandFault, PayloadMap, PlannedCommand } from '@tidewheel/core';
import { RUN_PROPERTY_FIELDS } from '@tidewheel/store';
import type { EngineContext, RunAddress } from '../engine-context.js';

type Property = keyof typeof RUN_PROPERTY_FIELDS;

/** A field of the run's state, and what it is to hold. */
export type PropertyChange = readonly [field: string, bytes: Buffer];

/** What the state is to hold, or the command for which that cannot be. */
type PropertyChanges =
  | { readonly sound: true; readonly changes: readonly PropertyChange[] }
  | { readonly sound: false; readonly fault: CommandFault };

/**
 * What commands make of the run's memo and search attributes. Its state holds both whole, so that lists need not read
 * histories. Reading them here is safe: only the holder of the workflow task changes them, and the completion of one who
 * no longer is the holder is refused.
 */
export async function propertyChanges(
  context: EngineContext,
  run: RunAddress,
  commands: readonly PlannedCommand[],
): Promise<PropertyChanges> {
  if (!commands.some(({ command }) => upsertOf(command))) return { sound: true, changes: [] };
  const fields = Object.values(RUN_PROPERTY_FIELDS);
  const stored = await context.redis.hmgetBuffer(run.execution, ...fields);
  const [memo = {}, searchAttributes = {}] = stored.map((bytes) => (bytes ? decodePayloadMap(bytes) : {}));
  const maps: Record<Property, PayloadMap> = { memo, searchAttributes };
  const changed = new Set<Property>();
  for (const [index, { command }] of commands.entries()) {
    const upsert = upsertOf(command);
    if (!upsert) continue;
    const [property, values] = upsert;
    maps[property] = mergeUpserts(maps[property], values);
    changed.add(property);
    const message = sizeFault(property, maps[property]);
    if (message) {
      const cause = BAD_ATTRIBUTES_CAUSES[command.commandType];
      return { sound: false, fault: { index, cause, message, terminates: false } };
    }
  }
  return {
    sound: true,
    changes: [...changed].map((property) => [
      RUN_PROPERTY_FIELDS[property],
      encodePayloadMap(maps[property]),
    ]),
  };
}

function upsertOf(command: PlannedCommand['command']): readonly [Property, PayloadMap] | undefined {
  switch (command.commandType) {
    case 'ModifyWorkflowProperties':
      return ['memo', command.attributes.upsertedMemo];
    case 'UpsertWorkflowSearchAttributes':
      return ['searchAttributes', command.attributes.searchAttributes];
    default:
      return undefined;
  }
}

function sizeFault(property: Property, map: PayloadMap): string | undefined {
  if (property === 'searchAttributes') return searchAttributesSizeFault(map);
  const bytes = payloadsSizeBytes(Object.values(map));
  return bytes > LIMITS.memoBytes
    ? `memo: would have ${bytes} bytes, the limit is ${LIMITS.memoBytes}`
    : undefined;
}
