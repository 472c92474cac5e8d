// A worker in a process of its own, which scenarios and the crash test kill.
import { NativeConnection, Worker } from '@temporalio/worker';
import * as activities from './activities.js';

const {
  CONFORMANCE_ADDRESS: address = '',
  CONFORMANCE_TASK_QUEUE: taskQueue = '',
  CONFORMANCE_IDENTITY: identity = '',
  CONFORMANCE_BUNDLE: codePath = '',
  CONFORMANCE_STICKY_TIMEOUT: stickyQueueScheduleToStartTimeout = '2s',
} = process.env;

const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue,
  identity,
  workflowBundle: { codePath },
  activities,
  stickyQueueScheduleToStartTimeout,
  maxHeartbeatThrottleInterval: '200ms',
  defaultHeartbeatThrottleInterval: '200ms',
});
process.stdout.write('ready\n');
await worker.run();
await connection.close();
