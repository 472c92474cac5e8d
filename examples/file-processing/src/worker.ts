import { NativeConnection, Worker } from '@tidewheel/worker';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createActivities } from './activities.js';

const connection = await NativeConnection.connect({
  url: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:7379',
});
// Several processes of one machine count as several hosts here, each with its own folder; hence the unique id.
const hostTaskQueue = `host:${hostname()}:${randomUUID()}`;
const activities = createActivities({ hostTaskQueue });

const workers = await Promise.all([
  Worker.create({
    connection,
    taskQueue: 'file-processing',
    workflowsPath: new URL('./workflows.js', import.meta.url).href,
    activities,
    // For processFileInSession: so many files at once on this host.
    enableSessionWorker: true,
    maxConcurrentSessionExecutionSize: 10,
  }),
  // A worker polls one queue, so the process's own queue takes a second worker, for activities only.
  Worker.create({ connection, taskQueue: hostTaskQueue, activities }),
]);
const shutdown = (): void => {
  for (const worker of workers) worker.shutdown();
};
process.once('SIGINT', shutdown);
process.once('SIGTERM', shutdown);
console.log(`The workers wait for tasks on file-processing and ${hostTaskQueue}; Ctrl-C ends them.`);
await Promise.all(workers.map((worker) => worker.run()));
await connection.close();
