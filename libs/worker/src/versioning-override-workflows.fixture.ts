import { condition, defineSignal, setHandler } from '@tidewheel/workflow';

const go = defineSignal('go');

/** Ends when it is told to. */
export async function waits(): Promise<string> {
  let told = false;
  setHandler(go, () => void (told = true));
  await condition(() => told);
  return 'told';
}
