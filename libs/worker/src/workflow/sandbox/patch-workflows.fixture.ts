// Workflows for the tests of patches; bundled, not imported.
import { deprecatePatch, patched, sleep } from '@tidewheel/workflow';

export async function patches(): Promise<string[]> {
  const seen = [patched('a') ? 'a' : 'no a'];
  await sleep(1);
  seen.push(patched('a') ? 'a' : 'no a', patched('b') ? 'b' : 'no b');
  return seen;
}

export async function deprecates(): Promise<string> {
  deprecatePatch('a');
  await sleep(1);
  return 'done';
}

export async function withoutPatch(): Promise<string> {
  await sleep(1);
  return 'done';
}
