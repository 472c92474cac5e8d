/**
 * Ends the processes that tests started when the test process itself dies, even by SIGKILL.
 *
 * One small shell, in a process group of its own so that Ctrl-C does not reach it, reads from a pipe which process
 * groups to watch. The pipe closes when this process dies, however that happens; then the shell kills what is left.
 * It lives only while there is something to watch.
 */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

const GUARD_SCRIPT = `
groups=' '
while read -r verb group; do
  case $verb in
    guard) groups="$groups$group " ;;
    release) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`;

const guarded = new Set<number>();
let guardInput: Socket | undefined;

/** From now on the process group dies with this process. `groupId` is the pid of a process spawned as `detached`. */
export function guardProcessGroup(groupId: number): void {
  guardInput ??= startGuard();
  guarded.add(groupId);
  guardInput.write(`guard ${groupId}\n`);
}

/** Call it as soon as the group's leader has been seen to end: from then on its pid may be given to somebody else. */
export function releaseProcessGroup(groupId: number): void {
  if (!guarded.delete(groupId)) return;
  guardInput?.write(`release ${groupId}\n`);
  if (guarded.size > 0) return;
  guardInput?.end();
  guardInput = undefined;
}

function startGuard(): Socket {
  const guard = spawn('sh', ['-c', GUARD_SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const { stdin } = guard;
  if (!(stdin instanceof Socket)) throw new Error('The pipe to the guard is not a socket');
  // Neither keeps this process alive.
  guard.unref();
  stdin.unref();
  // A guard that somebody killed must not fail the test: it was only a precaution.
  stdin.on('error', () => undefined);
  return stdin;
}
