// Entry of a workflow thread: runs activations one after the other and answers a batch of them with one message.
import { parentPort, workerData } from 'node:worker_threads';
import { decodeEvents } from '@tidewheel/codec';
import type { ActivationResult } from '../activation-request.js';
import { StackMapper } from './stack-mapper.js';
import { readRequests, writeResults } from './thread-messages.js';
import type {
  NumberedRequest,
  NumberedResult,
  ThreadCommand,
  ThreadReport,
  ThreadSetup,
} from './thread-messages.js';
import { WorkflowSandbox } from '../sandbox/workflow-sandbox.js';

const port = parentPort;
if (!port) throw new Error('workflow-thread.js runs as a worker thread only');

const setup = workerData as ThreadSetup;
const sandbox = new WorkflowSandbox(setup.code, setup.limits, decodeEvents);
const stacks = new StackMapper(setup.sourceMap);
const heartbeat = new Int32Array(setup.heartbeat);

/** What the latest activation came to, while promises that it left rejected may still change that. */
interface Latest extends NumberedRequest {
  result: ActivationResult;
}
let latest: Latest | undefined;
let results: NumberedResult[] = [];

process.on('unhandledRejection', (reason) => {
  if (latest && latest.result.kind !== 'failed') {
    latest.result = sandbox.failWithRejection(latest.request.runId, reason);
  }
});

/**
 * Each activation gets an event loop callback of its own: Node.js reports promises that are left rejected when such a
 * callback has ended, so a report always concerns the activation before it.
 */
function activate(batch: readonly NumberedRequest[]): void {
  for (const { number, request } of batch) {
    setImmediate(() => {
      concludeLatest();
      Atomics.store(heartbeat, 0, number);
      latest = { number, request, result: sandbox.activate(request) };
    });
  }
  setImmediate(() => {
    concludeLatest();
    const report: ThreadReport = { kind: 'activated', results: writeResults(results), stats: sandbox.stats };
    results = [];
    port?.postMessage(report);
  });
}

function concludeLatest(): void {
  if (!latest) return;
  Atomics.store(heartbeat, 0, 0);
  results.push({ number: latest.number, result: stacks.map(latest.result) });
  latest = undefined;
}

port.on('message', (command: ThreadCommand) => {
  if (command.kind === 'activate') activate(readRequests(command));
  else sandbox.evict(command.runId);
});

const ready: ThreadReport = { kind: 'ready' };
port.postMessage(ready);
// After that: it evaluates the user's code, which may take its time.
const types: ThreadReport = { kind: 'types', workflowTypes: sandbox.workflowTypes() };
port.postMessage(types);
