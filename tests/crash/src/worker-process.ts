// A worker process: workflows and activities of the crash test on one task queue, until SIGTERM.
//
//   REDIS_URL, TASK_QUEUE
import { NativeConnection, Worker } from '@tidewheel/worker';
import { fileURLToPath } from 'node:url';
import * as activities from './activities.js';

const connection = await NativeConnection.connect({ url: process.env['REDIS_URL'] ?? '' });
const worker = await Worker.create({
  connection,
  taskQueue: process.env['TASK_QUEUE'] ?? '',
  workflowsPath: fileURLToPath(new URL('./workflows.js', import.meta.url)),
  activities,
  stickyQueueScheduleToStartTimeout: '2s',
  shutdownTimeout: '5s',
});
process.once('SIGTERM', () => worker.shutdown());
process.stdout.write('ready\n');
let wasAlive = true;
setInterval(() => {
  const { pollAlive } = worker.getStatus();
  if (pollAlive !== wasAlive) process.stdout.write(pollAlive ? 'polling\n' : 'not polling\n');
  wasAlive = pollAlive;
}, 100).unref();
await worker.run();
await connection.close();
process.stdout.write('stopped\n');
