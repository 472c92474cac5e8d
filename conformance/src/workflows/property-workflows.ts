import { ApplicationFailure, defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  condition,
  defineSignal,
  proxySinks,
  setHandler,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Sinks } from '@temporalio/workflow';

/** Changes one entry of the memo, removes one and adds one; gives the memo as the workflow sees it. */
export async function changeMemo(): Promise<Record<string, unknown>> {
  upsertMemo({ changed: 'after', removed: null, added: { deep: [1, 2] } });
  await sleep(1);
  return { ...workflowInfo().memo };
}

export const CUSTOMER = defineSearchAttributeKey('CustomKeywordField', SearchAttributeType.KEYWORD);
export const AMOUNT = defineSearchAttributeKey('CustomIntField', SearchAttributeType.INT);
export const PAID = defineSearchAttributeKey('CustomBoolField', SearchAttributeType.BOOL);

/** Changes one search attribute and adds one; gives what the workflow sees. */
export async function changeSearchAttributes(): Promise<Record<string, unknown>> {
  upsertSearchAttributes([
    { key: AMOUNT, value: 2 },
    { key: PAID, value: true },
  ]);
  await sleep(1);
  const { typedSearchAttributes } = workflowInfo();
  return {
    customer: typedSearchAttributes.get(CUSTOMER),
    amount: typedSearchAttributes.get(AMOUNT),
    paid: typedSearchAttributes.get(PAID),
  };
}

export async function failWith(message: string, type: string): Promise<never> {
  return Promise.reject(
    ApplicationFailure.create({
      message,
      type,
      details: [{ order: 7 }, 'second'],
      cause: ApplicationFailure.create({
        message: 'the reason',
        type: 'Reason',
        cause: new Error('the root'),
      }),
    }),
  );
}

/** What a workflow is told about itself. */
export async function tellInfo(): Promise<Record<string, unknown>> {
  const { workflowId, runId, taskQueue, namespace, workflowType, attempt, memo } = workflowInfo();
  return Promise.resolve({ workflowId, runId, taskQueue, namespace, workflowType, attempt, memo });
}

/** What a workflow writes outside of its history. */
export interface NoteSinks extends Sinks {
  readonly notes: { write(text: string): void };
}

export const proceed = defineSignal('proceed');

export async function tellSinks(): Promise<void> {
  const { notes } = proxySinks<NoteSinks>();
  notes.write('begun');
  let mayProceed = false;
  setHandler(proceed, () => void (mayProceed = true));
  await condition(() => mayProceed);
  notes.write('proceeding');
}
