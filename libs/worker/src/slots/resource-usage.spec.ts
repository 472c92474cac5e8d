import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { SystemUsage } from './resource-usage.js';

describe('SystemUsage', () => {
  let folder: string;
  const clock = { ms: 0 };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidewheel-cgroup-'));
    clock.ms = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  }
  const usage = () => new SystemUsage({ root: folder, self: join(folder, 'self') }, () => clock.ms);

  it('goes by the limits of the nearest group of version 2, and counts no cache that can be given up', () => {
    write({
      self: '0::/pod/main\n',
      'pod/main/memory.max': 'max\n',
      'pod/main/memory.current': '1000\n',
      'pod/memory.max': '1000000000\n',
      'pod/memory.current': '700000000\n',
      'pod/memory.stat': 'anon 5\ninactive_file 100000000\nactive_file 7\n',
      'pod/main/cpu.max': '150000 100000\n',
      'pod/main/cpu.stat': 'usage_usec 5000000\nuser_usec 1\n',
    });
    const system = usage();
    clock.ms += 1_000;
    // 0.6 s of 1.5 processors in a second.
    write({ 'pod/main/cpu.stat': 'usage_usec 5600000\n' });
    expect(system.read().cpu).toBeCloseTo(0.4);
    expect(system.read().memory).toBeCloseTo(0.6);
    // What is asked again at once is not read again.
    write({ 'pod/memory.current': '900000000\n', 'pod/main/cpu.stat': 'usage_usec 9000000\n' });
    clock.ms += 99;
    expect(system.read().memory).toBeCloseTo(0.6);
    clock.ms += 1_901;
    expect(system.read()).toEqual({ cpu: 1, memory: expect.closeTo(0.8) });
  });

  it('goes by the limits of version 1', () => {
    write({
      self: '4:memory:/docker/a\n3:cpu,cpuacct:/docker/a\n',
      'memory/docker/a/memory.limit_in_bytes': '1000000000\n',
      'memory/docker/a/memory.usage_in_bytes': '800000000\n',
      'memory/docker/a/memory.stat': 'cache 1\ntotal_inactive_file 50000000\n',
      'cpu/docker/a/cpu.cfs_quota_us': '-1\n',
      'cpu/docker/a/cpu.cfs_period_us': '100000\n',
      'cpu/docker/a/cpuacct.usage': '1\n',
      'cpu/cpu.cfs_quota_us': '50000\n',
      'cpu/cpu.cfs_period_us': '100000\n',
      'cpu/cpuacct.usage': '1000000000\n',
    });
    const system = usage();
    clock.ms += 1_000;
    write({ 'cpu/cpuacct.usage': '1250000000\n' });
    expect(system.read()).toEqual({ cpu: expect.closeTo(0.5), memory: expect.closeTo(0.75) });
  });

  it('goes by the machine where there is no limit', () => {
    write({ self: '0::/\n', 'memory.max': 'max\n', 'cpu.max': 'max 100000\n' });
    const system = usage();
    const spinUntil = Date.now() + 120;
    while (Date.now() < spinUntil);
    clock.ms += 120;
    const { cpu, memory } = system.read();
    expect(cpu).toBeGreaterThan(0);
    expect(cpu).toBeLessThanOrEqual(1);
    expect(memory).toBeCloseTo(1 - freemem() / totalmem(), 0);
  });
});
