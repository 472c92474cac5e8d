import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Looks for a server and installs one where it can. It lies beside the libraries in the repository only. */
const FINDER = fileURLToPath(new URL('../../../scripts/redis', import.meta.url));

let found: Promise<string> | undefined;

/**
 * The path of redis-server or valkey-server: TIDEWHEEL_REDIS_SERVER when that is set, else what `scripts/redis path`
 * says, which may take a minute the first time because it may install one. It is asked once per process.
 *
 * @throws Error when there is none, with what can be done about it.
 */
export function redisServerBinary(): Promise<string> {
  const given = process.env['TIDEWHEEL_REDIS_SERVER'];
  if (given) return Promise.resolve(given);
  found ??= askFinder();
  return found;
}

async function askFinder(): Promise<string> {
  const finder = spawn(FINDER, ['path'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let path = '';
  let messages = '';
  finder.stdout.setEncoding('utf8').on('data', (text: string) => (path += text));
  finder.stderr.setEncoding('utf8').on('data', (text: string) => {
    messages += text;
    process.stderr.write(text); // an installation takes a while, and says what it does
  });
  try {
    const [code] = (await once(finder, 'close')) as [number | null];
    if (code === 0) return path.trim();
  } catch (cause) {
    messages = `${FINDER} could not be run (${String(cause)}).`;
  }
  throw new Error(`No Redis server was found; TIDEWHEEL_REDIS_SERVER can name one.\n${messages.trim()}`);
}
