import { Client, Connection } from '@tidewheel/client';
import { startTestRedis } from '@tidewheel/testing';
import type { TestRedis } from '@tidewheel/testing';
import { bundleWorkflowCode, NativeConnection, Worker } from '@tidewheel/worker';
import type { WorkerOptions, WorkflowBundle } from '@tidewheel/worker';
import { randomUUID } from 'node:crypto';
import path from 'node:path';

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

/** A Redis of its own, a client, duties, and as many workers as a test wants, each on a connection of its own. */
export class WorkerDeployment {
  private readonly running: { readonly worker: Worker; readonly done: Promise<void> }[] = [];
  private readonly connections: NativeConnection[] = [];

  private constructor(
    readonly redis: TestRedis,
    readonly connection: Connection,
    readonly client: Client,
    private readonly duties: NativeConnection,
    readonly workflowBundle: WorkflowBundle,
  ) {}

  /** @param workflows name of the file with the workflows, beside this one */
  static async start(workflows: string, partitions = 1): Promise<WorkerDeployment> {
    const redis = await startTestRedis();
    const duties = await NativeConnection.connect({ url: redis.url, partitions, logger: silent });
    await duties.engine.startDuties();
    const connection = await Connection.connect({ url: redis.url });
    const workflowsPath = path.join(__dirname, workflows);
    const bundle = await bundleWorkflowCode({ workflowsPath, logger: silent });
    return new WorkerDeployment(redis, connection, new Client({ connection }), duties, bundle);
  }

  /** Creates a worker as a process of its own would have it, and runs it. */
  async addWorker(options: Omit<WorkerOptions, 'connection'>): Promise<Worker> {
    const connection = await NativeConnection.connect({
      url: this.redis.url,
      identity: options.identity ?? `worker-${randomUUID()}`,
      logger: silent,
    });
    this.connections.push(connection);
    const worker = await Worker.create({ connection, shutdownTimeout: '1s', logger: silent, ...options });
    this.running.push({ worker, done: worker.run() });
    return worker;
  }

  /** Shuts a worker down, and waits for its end. */
  async stopWorker(worker: Worker): Promise<void> {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await this.running.find((one) => one.worker === worker)?.done;
  }

  /** Ends all workers that still run. */
  async stopWorkers(): Promise<void> {
    await Promise.all(
      this.running.splice(0).map(async ({ worker, done }) => {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await done;
      }),
    );
    await Promise.all(this.connections.splice(0).map((connection) => connection.close()));
  }

  async stop(): Promise<void> {
    await this.stopWorkers();
    await this.connection.close();
    await this.duties.close();
    await this.redis.stop();
  }
}
