import { readFileSync } from 'node:fs';

/** Whether a process runs. One that is dead, but that nobody has reaped, does not. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
