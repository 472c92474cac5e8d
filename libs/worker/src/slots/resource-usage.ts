import { readFileSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { getHeapStatistics } from 'node:v8';

/** Shares in use, 0 to 1. */
interface Usage {
  /** Of the processors that this process may use, since the look before. */
  readonly cpu: number;
  /** Of the memory that this process may use, or of the heap of its main thread if that is nearer to its limit. */
  readonly memory: number;
}

/** Tells how much of processor and memory is in use. */
export interface ResourceUsage {
  read(): Usage;
}

/** Processor time used so far, and how much there can be. */
interface CpuReading {
  readonly usedMs: number;
  /** Processors that are there to be used, as far as a limit or the machine decides it. */
  readonly processors: number;
}

/** Shorter times say little: the system counts processor time in ticks of 10 ms. */
const LEAST_PERIOD_MS = 100;

/** Where the limits of containers and services are found on Linux. */
interface CgroupPlaces {
  /** Where the control groups are mounted. */
  readonly root: string;
  /** File that names this process' groups. */
  readonly self: string;
}

const LINUX: CgroupPlaces = { root: '/sys/fs/cgroup', self: '/proc/self/cgroup' };

/**
 * Reads usage against the limits of the process' control group (version 2 or 1), and against the machine where there is
 * no limit. A look costs some reads of small files, at most ten times a second.
 */
export class SystemUsage implements ResourceUsage {
  private latest: Usage = { cpu: 0, memory: 0 };
  private cpuBefore: CpuReading;
  private readMs: number;

  constructor(
    private readonly places: CgroupPlaces = LINUX,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.cpuBefore = this.readCpu();
    this.readMs = this.nowMs();
    this.latest = { cpu: 0, memory: this.readMemory() };
  }

  read(): Usage {
    const nowMs = this.nowMs();
    const periodMs = nowMs - this.readMs;
    if (periodMs >= LEAST_PERIOD_MS) {
      const cpu = this.readCpu();
      const usedMs = cpu.usedMs - this.cpuBefore.usedMs;
      const share = Math.min(1, Math.max(0, usedMs / (periodMs * cpu.processors)));
      this.latest = { cpu: share, memory: this.readMemory() };
      this.cpuBefore = cpu;
      this.readMs = nowMs;
    }
    return this.latest;
  }

  private readCpu(): CpuReading {
    return this.cgroupCpu2() ?? this.cgroupCpu1() ?? machineCpu();
  }

  private readMemory(): number {
    const { used_heap_size: heapUsed, heap_size_limit: heapLimit } = getHeapStatistics();
    const machine = 1 - freemem() / totalmem();
    return Math.max(this.cgroupMemory2() ?? this.cgroupMemory1() ?? machine, heapUsed / heapLimit);
  }

  /** The nearest group with a limit: a limit further up is shared with others. */
  private cgroupMemory2(): number | undefined {
    for (const folder of this.groups('')) {
      const limit = number(read(folder, 'memory.max'));
      const current = number(read(folder, 'memory.current'));
      if (limit === undefined || current === undefined) continue;
      return (current - reclaimable(read(folder, 'memory.stat'), 'inactive_file')) / limit;
    }
    return undefined;
  }

  private cgroupMemory1(): number | undefined {
    for (const folder of this.groups('memory')) {
      const limit = number(read(folder, 'memory.limit_in_bytes'));
      const current = number(read(folder, 'memory.usage_in_bytes'));
      // No limit is a very large number.
      if (limit === undefined || current === undefined || limit > totalmem()) continue;
      return (current - reclaimable(read(folder, 'memory.stat'), 'total_inactive_file')) / limit;
    }
    return undefined;
  }

  private cgroupCpu2(): CpuReading | undefined {
    for (const folder of this.groups('')) {
      const [quota, period] = (read(folder, 'cpu.max') ?? '').trim().split(' ').map(number);
      const usedMicros = number(/^usage_usec (\d+)$/m.exec(read(folder, 'cpu.stat') ?? '')?.[1]);
      if (quota === undefined || period === undefined || usedMicros === undefined) continue;
      return { usedMs: usedMicros / 1_000, processors: quota / period };
    }
    return undefined;
  }

  private cgroupCpu1(): CpuReading | undefined {
    for (const folder of this.groups('cpu')) {
      const quota = number(read(folder, 'cpu.cfs_quota_us'));
      const period = number(read(folder, 'cpu.cfs_period_us'));
      const usedNanos = number(read(folder, 'cpuacct.usage'));
      if (quota === undefined || period === undefined || usedNanos === undefined) continue;
      return { usedMs: usedNanos / 1_000_000, processors: quota / period };
    }
    return undefined;
  }

  /** The process' group and those above it, of a version 1 controller or ('') of version 2. */
  private groups(controller: string): string[] {
    const root = join(this.places.root, controller);
    const lines = (read('', this.places.self) ?? '').split('\n').map((line) => line.split(':'));
    const own = lines.find(([, names]) => (names ?? '').split(',').includes(controller))?.[2] ?? '/';
    const folders: string[] = [];
    for (let path = own; path !== '/' && path !== '.'; path = dirname(path)) folders.push(join(root, path));
    return [...folders, root];
  }
}

let shared: SystemUsage | undefined;

/** The usage that all workers of this process go by. */
export function processUsage(): ResourceUsage {
  return (shared ??= new SystemUsage());
}

function machineCpu(): CpuReading {
  const all = cpus();
  const usedMs = all.reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { usedMs, processors: Math.max(1, all.length) };
}

function read(folder: string, file: string): string | undefined {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch {
    return undefined;
  }
}

/** Undefined for what is no number, such as "max", or not positive, such as -1 for no limit. */
function number(text: string | undefined): number | undefined {
  const value = Number(text === undefined || text.trim() === '' ? Number.NaN : text);
  return value > 0 ? value : undefined;
}

/** File cache that the system gives up before anything else counts as used, but costs nobody. */
function reclaimable(statistics: string | undefined, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(statistics ?? '')?.[1] ?? 0);
}
