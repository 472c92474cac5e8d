import { access, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Greets, and leaves the greeting in the one folder that a container may write to. */
export async function greet(name) {
  const greeting = `Hello, ${name}!`;
  await writeFile(join(tmpdir(), 'greeting'), greeting);
  return greeting;
}

/** What these activities need to work. */
export const healthChecks = {
  'temporary-files': async () => {
    await access(tmpdir());
  },
};
