// Workflows for the tests of what a workflow task does; bundled, not imported.
import {
  ApplicationFailure,
  defineSignal,
  getExternalWorkflowHandle,
  log,
  proxyActivities,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@tidewheel/workflow';

interface Activities {
  greet(name: string): Promise<string>;
}

const { greet } = proxyActivities<Activities>({ startToCloseTimeout: '1 minute' });

let startsOfThisModule = 0;

export async function hello(name: string): Promise<string> {
  return await greet(name);
}

export async function countsStarts(): Promise<number> {
  startsOfThisModule++;
  (globalThis as { leftBehind?: number }).leftBehind ??= 0;
  await Promise.resolve();
  return startsOfThisModule + ((globalThis as { leftBehind?: number }).leftBehind ?? NaN);
}

export async function parallel(names: string[]): Promise<string[]> {
  return await Promise.all(names.map((name) => greet(name)));
}

export const add = defineSignal<[number]>('add');

export async function fails(kind: string): Promise<void> {
  switch (kind) {
    case 'failure':
      throw ApplicationFailure.create({ message: 'on purpose', type: 'Purpose', details: [1, 'two'] });
    case 'error':
      throw new TypeError('by mistake');
    case 'process':
      console.log(process.pid);
      break;
    case 'freeze':
      (Array.prototype as unknown as Record<string, unknown>)['mine'] = 1;
      break;
    case 'eval':
      // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- refused, which is the point
      new Function('return 1')();
      break;
    case 'unserializable':
      await greet(1n as unknown as string);
      break;
    default:
  }
}

export async function handlesActivityFailure(): Promise<unknown> {
  try {
    return await greet('Ada');
  } catch (error) {
    const { name, message, cause } = error as Error & { cause: Error & { type?: string } };
    return { name, message, cause: cause.message, causeType: cause.type, isError: cause instanceof Error };
  }
}

export async function signalsOthers(): Promise<string> {
  const handle = getExternalWorkflowHandle('other');
  await handle.signal(add, 5);
  try {
    await handle.cancel();
  } catch (error) {
    return error instanceof ApplicationFailure ? `${error.type}: ${error.message}` : String(error);
  }
  return 'cancelled the other';
}

export async function properties(): Promise<unknown> {
  upsertMemo({ step: 1, gone: null });
  upsertSearchAttributes({ CustomerId: ['c1'] });
  const { memo, searchAttributes } = workflowInfo();
  await Promise.resolve();
  return { memo, searchAttributes };
}

export async function info(): Promise<unknown> {
  await Promise.resolve();
  const { workflowId, runId, workflowType, namespace, taskQueue, attempt, historyLength, startTime } =
    workflowInfo();
  return { workflowId, runId, workflowType, namespace, taskQueue, attempt, historyLength, startTime };
}

export async function logs(): Promise<void> {
  log.info('first', { answer: 42, odd: () => 1 });
  await sleep(1);
  console.warn('second', { a: 1 }, new Error('shown').message);
}

// eslint-disable-next-line no-restricted-syntax -- a default export is what takes any workflow type
export default async function anything(...args: unknown[]): Promise<unknown> {
  await Promise.resolve();
  return ['default', workflowInfo().workflowType, ...args];
}
