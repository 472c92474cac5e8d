// The client process of the bench: keeps a number of workflows in flight for some seconds, and prints what it saw.
import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';

const [address = '', taskQueue = '', inFlight = '1', seconds = '5'] = process.argv.slice(2);

/** What the client prints when a round is over. */
export interface RoundSeen {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly workflows: number;
}

const client = new Client({ connection: await Connection.connect({ address }) });
const text = 'x'.repeat(98);

async function runOne(): Promise<number> {
  const startedMs = performance.now();
  await client.workflow.execute('oneActivity', { workflowId: randomUUID(), taskQueue, args: [text] });
  return performance.now() - startedMs;
}

async function runFor(limitMs: number): Promise<RoundSeen> {
  const latencies: number[] = [];
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: Number(inFlight) }, async () => {
      while (performance.now() - startedMs < limitMs) latencies.push(await runOne());
    }),
  );
  const elapsedSeconds = (performance.now() - startedMs) / 1_000;
  latencies.sort((a, b) => a - b);
  const quantile = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? NaN;
  return {
    perSecond: latencies.length / elapsedSeconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    workflows: latencies.length,
  };
}

await runFor(2_000);
process.stdout.write('warm\n');
// The bench answers when it has looked at the clocks of all processes.
await new Promise((go) => process.stdin.once('data', go));
process.stdout.write(`round ${JSON.stringify(await runFor(Number(seconds) * 1_000))}\n`);
await new Promise((go) => process.stdin.once('data', go));
process.exit(0);
