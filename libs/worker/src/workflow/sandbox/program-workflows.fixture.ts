// Workflows for the tests of replay; bundled, not imported.
import {
  CancellationScope,
  condition,
  defineSignal,
  patched,
  proxyActivities,
  setHandler,
  sleep,
} from '@tidewheel/workflow';
import type { ActivityCancellationType } from '@tidewheel/workflow';

interface Activities {
  greet(name: string): Promise<string>;
}

const { greet } = proxyActivities<Activities>({ startToCloseTimeout: '1 minute' });

/** A small program, so that chance can write workflows. */
export type Program =
  | { readonly op: 'activity'; readonly cancellationType: ActivityCancellationType }
  | { readonly op: 'sleep'; readonly ms: number }
  | { readonly op: 'condition'; readonly signals: number; readonly ms?: number }
  | { readonly op: 'note' }
  | { readonly op: 'patch'; readonly id: string }
  | { readonly op: 'timeout'; readonly ms: number; readonly program: Program }
  | { readonly op: 'shield' | 'scope' | 'try'; readonly program: Program }
  | { readonly op: 'all' | 'race' | 'sequence'; readonly programs: readonly Program[] };

const step = defineSignal<[string]>('step');

export async function interpret(program: Program): Promise<string[]> {
  const trace: string[] = [];
  let signals = 0;
  setHandler(step, async (text) => {
    signals++;
    trace.push(`signal ${text}`);
    if (text === 'greet')
      trace.push(await greet('from a signal').catch((error: unknown) => `failed: ${String(error)}`));
  });
  const all = (programs: readonly Program[]) => programs.map((part) => run(part));
  const run = async (part: Program): Promise<void> => {
    switch (part.op) {
      case 'activity': {
        const { cancellationType } = part;
        const activities = proxyActivities<Activities>({ startToCloseTimeout: '1 minute', cancellationType });
        trace.push(await activities.greet('x'));
        break;
      }
      case 'sleep':
        await sleep(part.ms);
        break;
      case 'condition': {
        const isTrue = () => signals >= part.signals;
        if (part.ms === undefined) await condition(isTrue);
        else trace.push(String(await condition(isTrue, part.ms)));
        break;
      }
      case 'note':
        trace.push(`${Math.random()} ${Date.now()}`);
        break;
      case 'patch':
        trace.push(`${part.id} ${patched(part.id)}`);
        if (patched(part.id)) await sleep(3);
        break;
      case 'timeout':
        await CancellationScope.withTimeout(part.ms, () => run(part.program));
        break;
      case 'shield':
        await CancellationScope.nonCancellable(() => run(part.program));
        break;
      case 'scope':
        await CancellationScope.cancellable(() => run(part.program));
        break;
      case 'try':
        await run(part.program).catch((error: unknown) => trace.push(`caught ${(error as Error).name}`));
        break;
      case 'all':
        await Promise.all(all(part.programs));
        break;
      case 'race':
        await Promise.race([Promise.resolve().then(() => sleep(7)), ...all(part.programs)]);
        break;
      case 'sequence':
        for (const next of part.programs) await run(next);
        break;
    }
    trace.push(part.op);
  };
  await run(program);
  return trace;
}
