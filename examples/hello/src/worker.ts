import { NativeConnection, Worker } from '@tidewheel/worker';
import * as activities from './activities.js';

const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:7379';
const connection = await NativeConnection.connect({ url });
const worker = await Worker.create({
  connection,
  taskQueue: 'hello',
  workflowsPath: new URL('./workflows.js', import.meta.url).href,
  activities,
});
process.once('SIGINT', () => worker.shutdown());
process.once('SIGTERM', () => worker.shutdown());
console.log('The worker waits for tasks; Ctrl-C ends it.');
await worker.run();
await connection.close();
