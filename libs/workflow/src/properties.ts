import { defaultPayloadConverter, toPayloadMap } from '@tidewheel/common';
import type { SearchAttributes } from '@tidewheel/common';
import { mutableExecution } from './execution/current-execution.js';

/** Sets entries of the run's memo; `null` or `undefined` removes one. */
export function upsertMemo(memo: Readonly<Record<string, unknown>>): void {
  const execution = mutableExecution('upsertMemo()');
  execution.addCommand({
    commandType: 'ModifyWorkflowProperties',
    attributes: { upsertedMemo: toPayloadMap(defaultPayloadConverter, withoutNull(memo)) },
  });
  Object.assign(execution.changedMemo, withoutNull(memo));
}

/** Sets search attributes of the run, by which it can be found; `null`, `undefined` or an empty list removes one. */
export function upsertSearchAttributes(searchAttributes: Readonly<SearchAttributes>): void {
  const execution = mutableExecution('upsertSearchAttributes()');
  execution.addCommand({
    commandType: 'UpsertWorkflowSearchAttributes',
    attributes: { searchAttributes: toPayloadMap(defaultPayloadConverter, withoutNull(searchAttributes)) },
  });
  Object.assign(execution.changedSearchAttributes, withoutNull(searchAttributes));
}

/** `null` means removal, which payloads say by `binary/null`: the payload of `undefined`. */
function withoutNull(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value ?? undefined]));
}
