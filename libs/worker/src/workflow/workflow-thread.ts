// Entry of a workflow thread: runs activations one after the other and answers a batch of them with one message.
import { parentPort, workerData } from 'node:worker_threads';
import { decodeEvents } from '@tidewheel/codec';
import type { ActivationResult } from './activation-request.js';
import { StackMapper } from './stack-mapper.js';
import type { NumberedRequest, ThreadCommand, ThreadReport, ThreadSetup } from './thread-messages.js';
import { WorkflowSandbox } from './workflow-sandbox.js';

const port = parentPort;
if (!port) throw new Error('workflow-thread.js runs as a worker thread only');

const setup = workerData as ThreadSetup;
const sandbox = new WorkflowSandbox(setup.code, setup.limits, decodeEvents);
const stacks = new StackMapper(setup.sourceMap);
const heartbeat = new Int32Array(setup.heartbeat);

/** What the latest activation came to, while promises that it left rejected may still change that. */
let latest: { readonly runId: string; result: ActivationResult } | undefined;

process.on('unhandledRejection', (reason) => {
  if (latest && latest.result.kind !== 'failed') {
    latest.result = sandbox.failWithRejection(latest.runId, reason);
  }
});

function run({ request, eventsOffset, eventsLength, number }: NumberedRequest, area: ArrayBuffer): void {
  const packedEvents = new Uint8Array(area, eventsOffset, eventsLength);
  Atomics.store(heartbeat, 0, number);
  latest = { runId: request.runId, result: sandbox.activate({ ...request, packedEvents }) };
}

/**
 * Each activation gets an event loop callback of its own: Node.js reports promises that are left rejected when such a
 * callback has ended, so a report always concerns the activation before it.
 */
function activate(requests: readonly NumberedRequest[], area: ArrayBuffer): void {
  const results: { number: number; result: ActivationResult }[] = [];
  const collect = (number: number): void => {
    Atomics.store(heartbeat, 0, 0);
    if (latest) results.push({ number, result: stacks.map(latest.result) });
    latest = undefined;
  };
  for (const numbered of requests) {
    setImmediate(() => run(numbered, area));
    setImmediate(() => collect(numbered.number));
  }
  setImmediate(() => report({ kind: 'activated', results, stats: sandbox.stats }));
}

function report(message: ThreadReport): void {
  port?.postMessage(message);
}

port.on('message', (command: ThreadCommand) => {
  if (command.kind === 'activate') activate(command.requests, command.area);
  else sandbox.evict(command.runId);
});

report({ kind: 'ready' });
