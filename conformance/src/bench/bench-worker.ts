// The worker process of the bench: the official worker as it comes, in a process of its own.
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import * as activities from './bench-activities.js';

const [address = '', taskQueue = ''] = process.argv.slice(2);

Runtime.install({ logger: new DefaultLogger('WARN') });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('./bench-workflows.js', import.meta.url)),
  activities,
});
process.stdout.write('ready\n');
await worker.run();
await connection.close();
