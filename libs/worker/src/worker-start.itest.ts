import { Client, Connection } from '@tidewheel/client';
import { startFaultProxy, startTestRedis } from '@tidewheel/testing';
import type { FaultProxy, TestRedis } from '@tidewheel/testing';
import { NativeConnection, Worker } from '@tidewheel/worker';
import path from 'node:path';

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

let redis: TestRedis;
let proxy: FaultProxy;
let connection: NativeConnection;
let clientConnection: Connection;

beforeAll(async () => {
  redis = await startTestRedis();
  proxy = await startFaultProxy({ target: redis });
  connection = await NativeConnection.connect({ url: proxy.url, logger: silent });
  clientConnection = await Connection.connect({ url: redis.url });
});

afterAll(async () => {
  await connection.close();
  await clientConnection.close();
  await proxy.stop();
  await redis.stop();
});

// Within the first reply, between two, and behind what the beginning asks for.
it.each([0, 3, 10, 30, 60, 100, 250])(
  'a worker begins to poll although its connection breaks after %i bytes of replies',
  async (budget) => {
    const taskQueue = `unlucky-${budget}`;
    const worker = await Worker.create({
      connection,
      taskQueue,
      workflowsPath: path.join(__dirname, './watchdog-workflows.fixture.ts'),
      activities: { greet: async (name: string) => `Hello, ${name}` },
      shutdownTimeout: '1s',
      logger: silent,
    });
    proxy.dropAfterBytes(budget, 'toClient');
    const running = worker.run();
    try {
      const client = new Client({ connection: clientConnection });
      const result = client.workflow.execute('greeting', { taskQueue, workflowId: taskQueue, args: ['you'] });
      expect(await Promise.race([result, running])).toBe('Hello, you');
    } finally {
      proxy.restore();
      worker.shutdown();
      await running;
    }
  },
);
