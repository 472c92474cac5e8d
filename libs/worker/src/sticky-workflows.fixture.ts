import { condition, defineSignal, proxyActivities, setHandler } from '@tidewheel/workflow';

const { note } = proxyActivities<{ note(text: string): Promise<string> }>({
  startToCloseTimeout: '1 minute',
});

/** Notes something each time it is told to step, until it has done so many steps; gives all notes. */
export async function steps(name: string, count: number): Promise<string[]> {
  let told = 0;
  setHandler(defineSignal('step'), () => {
    told++;
  });
  const notes: string[] = [];
  while (notes.length < count) {
    await condition(() => told > notes.length);
    notes.push(await note(`${name} ${notes.length + 1}`));
  }
  return notes;
}
