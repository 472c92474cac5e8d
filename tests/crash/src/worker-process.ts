// A worker process: workflows and activities of the crash test, until SIGTERM.
//
//   REDIS_URL, RECORD_FILE
import { NativeConnection, Worker } from '@tidewheel/worker';
import { fileURLToPath } from 'node:url';
import * as activities from './activities.js';
import { recorded } from './activity-records.js';
import { RATE, SESSIONS_PER_WORKER, TASK_QUEUE } from './deployment.js';

const connection = await NativeConnection.connect({ url: process.env['REDIS_URL'] ?? '' });
const common = {
  connection,
  activities: recorded(activities, process.env['RECORD_FILE'] ?? ''),
  shutdownTimeout: '5s',
} as const;
const worker = await Worker.create({
  ...common,
  taskQueue: TASK_QUEUE,
  workflowsPath: fileURLToPath(new URL('./workflows.js', import.meta.url)),
  stickyQueueScheduleToStartTimeout: '2s',
  enableSessionWorker: true,
  maxConcurrentSessionExecutionSize: SESSIONS_PER_WORKER,
});
const rated = await Worker.create({ ...common, taskQueue: RATE.taskQueue });
process.once('SIGTERM', () => {
  worker.shutdown();
  rated.shutdown();
});
process.stdout.write('ready\n');
let wasAlive = true;
setInterval(() => {
  const { pollAlive } = worker.getStatus();
  if (pollAlive !== wasAlive) process.stdout.write(pollAlive ? 'polling\n' : 'not polling\n');
  wasAlive = pollAlive;
}, 100).unref();
await Promise.all([worker.run(), rated.run()]);
await connection.close();
process.stdout.write('stopped\n');
