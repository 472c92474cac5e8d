// What the official client and worker do through the gateway, and who spends the processor time for it. Linux only.
//
//   node dist/bench/main.js [--seconds S] [--rounds R] [--warm-up S] [--idle-polls N]
//                          [--in-flight N,N] [--profile]
//
// With --profile the API process is profiled all the while, which makes it dearer, and the last line says how its time divides
// into the engine's and the gateway's.
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startDeployment } from '../deployment/deployment.js';
import type { RoundSeen } from './bench-client.js';
import { holdIdlePolls } from './idle-polls.js';
import { cpuMicrosOf, residentMiBOf } from './processor-time.js';
import { sharesInProfile } from './profile-parts.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '30' },
    'idle-polls': { type: 'string', default: '10000' },
    'in-flight': { type: 'string', default: '1,50' },
    profile: { type: 'boolean', default: false },
  },
});

const TASK_QUEUE = 'bench';
const folder = mkdtempSync(join(tmpdir(), 'tidewheel-conformance-bench-'));
const log = createWriteStream(join(folder, 'bench.log'));

/** A process of the bench that says on its standard output how far it is. */
class BenchProcess {
  readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;

  constructor(program: string, args: readonly string[]) {
    this.child = spawn(process.execPath, [fileURLToPath(new URL(program, import.meta.url)), ...args]);
    this.child.stderr.pipe(log, { end: false });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async line(start: string): Promise<string> {
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) throw new Error(`process ${this.pid} ended without saying "${start}"`);
      if (value.startsWith(start)) return value.slice(start.length);
    }
  }

  goOn(): void {
    this.child.stdin.write('\n');
  }

  async end(): Promise<void> {
    this.child.kill('SIGTERM');
    if (this.child.exitCode === null) await once(this.child, 'exit');
  }
}

type Costs = Readonly<Record<'client' | 'worker' | 'gateway' | 'redis', number>>;

interface MeasuredRound extends RoundSeen {
  readonly costs: Costs;
}

/** Programs that have just begun compile themselves for a while; servers and workers run for days. */
async function warmUp(address: string): Promise<void> {
  const client = new BenchProcess('./bench-client.js', [address, TASK_QUEUE, '50', values['warm-up']]);
  await client.line('warm');
  client.goOn();
  await client.line('round ');
  client.goOn();
}

async function runRound(
  address: string,
  inFlight: number,
  pids: Omit<Costs, 'client'>,
): Promise<MeasuredRound> {
  const client = new BenchProcess('./bench-client.js', [address, TASK_QUEUE, `${inFlight}`, values.seconds]);
  await client.line('warm');
  const measured = { ...pids, client: client.pid };
  const before = usageOf(measured);
  client.goOn();
  const seen = JSON.parse(await client.line('round ')) as RoundSeen;
  const after = usageOf(measured);
  client.goOn();
  const cost = (name: keyof Costs): number => (after[name] - before[name]) / seen.workflows;
  return {
    ...seen,
    costs: { client: cost('client'), worker: cost('worker'), gateway: cost('gateway'), redis: cost('redis') },
  };
}

function usageOf(pids: Costs): Costs {
  return {
    client: cpuMicrosOf(pids.client),
    worker: cpuMicrosOf(pids.worker),
    gateway: cpuMicrosOf(pids.gateway),
    redis: cpuMicrosOf(pids.redis),
  };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? NaN;
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

const deployment = await startDeployment({
  port: 0,
  partitions: 1,
  folder,
  log,
  apiNodeArgs: values.profile ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : [],
});
try {
  const worker = new BenchProcess('./bench-worker.js', [deployment.address, TASK_QUEUE]);
  await worker.line('ready');
  const redis = Number(readFileSync(join(folder, 'redis.pid'), 'utf8'));
  const pids = { worker: worker.pid, gateway: deployment.api.pid, redis };
  await warmUp(deployment.address);
  tell('in flight  per second  p50 ms  p99 ms  CPU us: client  worker  gateway  redis  gateway share');
  for (const inFlight of values['in-flight'].split(',').map(Number)) {
    const rounds: MeasuredRound[] = [];
    for (let i = 0; i < Number(values.rounds); i++) {
      rounds.push(await runRound(deployment.address, inFlight, pids));
    }
    const of = (pick: (round: MeasuredRound) => number): number => median(rounds.map(pick));
    const shares = rounds.map(
      ({ costs }) => (100 * costs.gateway) / (costs.client + costs.worker + costs.gateway + costs.redis),
    );
    tell(
      [
        `${inFlight}`.padStart(9),
        of((round) => round.perSecond)
          .toFixed(1)
          .padStart(11),
        of((round) => round.p50Ms)
          .toFixed(1)
          .padStart(7),
        of((round) => round.p99Ms)
          .toFixed(1)
          .padStart(7),
        of(({ costs }) => costs.client)
          .toFixed(0)
          .padStart(15),
        of(({ costs }) => costs.worker)
          .toFixed(0)
          .padStart(7),
        of(({ costs }) => costs.gateway)
          .toFixed(0)
          .padStart(8),
        of(({ costs }) => costs.redis)
          .toFixed(0)
          .padStart(6),
        `${median(shares).toFixed(1)} %`.padStart(14),
        `(${Math.min(...shares).toFixed(1)} to ${Math.max(...shares).toFixed(1)})`,
      ].join(' '),
    );
  }
  await worker.end();

  const polls = Number(values['idle-polls']);
  const beforeMiB = residentMiBOf(pids.gateway);
  const idle = await holdIdlePolls(deployment.address, polls);
  tell(
    `${polls} idle polls: API process ${residentMiBOf(pids.gateway).toFixed(0)} MiB resident ` +
      `(${beforeMiB.toFixed(0)} before), ${idle.returned} returned early`,
  );
  idle.cancel();
} finally {
  await deployment.stop();
  if (values.profile) {
    const { engine, gateway, shared } = sharesInProfile(folder);
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    tell(
      `API process: ${percent(engine)} for the engine and its Redis, ${percent(gateway)} for the gateway, ` +
        `${percent(shared)} for both`,
    );
  }
  log.end();
  rmSync(folder, { recursive: true, force: true });
}
