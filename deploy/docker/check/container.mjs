// Runs an image's program as a container runtime would, with what `unshare` and `chroot` can do.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const WORK = pathToFileURL(`${process.env.CONTAINER_CHECK_FOLDER}/images/`);

/** What an image says about itself, and where its files are. */
export function imageOf(name) {
  const read = (file) => readFileSync(new URL(`${name}/${file}`, WORK), 'utf8');
  const { OCIv1, Docker } = JSON.parse(read('image.json'));
  return { config: OCIv1.config, healthcheck: Docker.config.Healthcheck?.Test, root: read('root').trim() };
}

/** Where the files of the base image are. */
export const baseRoot = () => readFileSync(new URL('base', WORK), 'utf8');

/**
 * Enters name spaces of its own: process 1 is what the image says, the root is read-only, /tmp is empty and may be
 * written to, and the user is the image's.
 */
const ENTER = `
  set -e
  mount --make-rprivate /
  mount --bind "$1" "$1"
  mount --rbind /dev "$1/dev"
  mount -t proc proc "$1/proc"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$1/tmp"
  mount -o remount,bind,ro "$1"
  root=$1 user=$2 folder=$3
  shift 3
  exec chroot --userspec="$user" "$root" sh -c 'cd "$0" && exec "$@"' "$folder" "$@"
`;

/** Process 1 of a pod whose containers share their processes. */
const PAUSE = ['sh', '-c', '"$@"; exit $?', 'pause'];

/**
 * Starts the image's entrypoint with arguments, or another command in the same place. When processes are shared, it is not
 * number 1.
 */
export function startContainer(image, { env = {}, args = [], command, sharedProcesses = false } = {}) {
  const { config, root } = image;
  const variables = [
    ...(config.Env ?? []),
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  ];
  const program = command ?? [...config.Entrypoint, ...args];
  const child = spawn(
    'unshare',
    [
      ...['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--'],
      ...['sh', '-c', ENTER, 'enter', root, config.User, config.WorkingDir],
      ...['env', '-i', ...variables, ...(sharedProcesses ? PAUSE : []), ...program],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const lines = [];
  const waiting = new Set();
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      lines.push(...parts);
      for (const look of [...waiting]) look();
    });
  }
  const exited = once(child, 'close').then(([code, signal]) => {
    for (const look of [...waiting]) look(true);
    return { code, signal };
  });
  return {
    lines,
    exited,
    /** Resolves with what a line matched; rejects when the program ends before. */
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (isOver) => {
          const match = lines.map((each) => pattern.exec(each)).find(Boolean);
          if (!match && !isOver) return;
          waiting.delete(look);
          if (match) resolve(match);
          else reject(new Error(`ended without ${pattern}:\n${lines.join('\n')}`));
        };
        waiting.add(look);
        look(child.exitCode !== null);
      }),
    /** Sends a signal to process 1 of the container, as a runtime does. */
    signal(name) {
      const first = Number(execFileSync('pgrep', ['--parent', String(child.pid)], { encoding: 'utf8' }));
      process.kill(first, name);
    },
    kill() {
      if (child.exitCode === null && existsSync(`/proc/${child.pid}`)) child.kill('SIGKILL');
      return exited;
    },
  };
}

/** Runs a command in the place of an image's program; gives what it printed. */
export async function runInside(image, command, env = {}) {
  const container = startContainer(image, { command, env });
  const { code } = await container.exited;
  return { code, lines: container.lines };
}
