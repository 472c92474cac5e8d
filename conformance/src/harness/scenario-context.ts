import { Client, Connection } from '@temporalio/client';
import type {
  ClientOptions,
  Workflow,
  WorkflowHandle,
  WorkflowHandleWithFirstExecutionRunId,
  WorkflowHandleWithStartDetails,
  WorkflowStartOptions,
} from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import type { WriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as activities from '../activities.js';
import type { Deployment } from '../deployment/deployment.js';
import { RunningProcess } from '../deployment/running-process.js';
import { bundleOf } from './bundles.js';
import type { BundleName } from './bundles.js';
import { faultsOf, typesOf } from './history.js';
import type { History } from './history.js';

const TIDEWHEEL_WORKER = fileURLToPath(new URL('../../../apps/worker/dist/main.js', import.meta.url));

/** What all scenarios share. */
export interface Surroundings {
  readonly address: string;
  readonly connection: Connection;
  readonly native: NativeConnection;
  /** Where the histories of failed scenarios and the code of bundles go. */
  readonly folder: string;
  readonly log: WriteStream;
  /** Undefined when the gateway is somebody else's. */
  readonly deployment: Pick<Deployment, 'redisUrl' | 'restUrl'> | undefined;
}

export async function connect(
  address: string,
  folder: string,
  log: WriteStream,
  deployment?: Deployment,
): Promise<Surroundings> {
  const connection = await Connection.connect({ address, connectTimeout: '30s' });
  const native = await NativeConnection.connect({ address });
  return { address, connection, native, folder, log, deployment };
}

/** Options of a worker that a scenario may leave out. */
export type ScenarioWorkerOptions = Partial<WorkerOptions> & { readonly bundle?: BundleName | 'none' };

/** A worker that polls until it is stopped, at the latest at the scenario's end. */
export interface RunningWorker {
  readonly worker: Worker;
  /** Resolves when the tasks under way are over. */
  stop(): Promise<void>;
}

type StartOptions<T extends Workflow> = Partial<WorkflowStartOptions<T>>;

/** What one scenario works with; everything that it starts through this ends with it. */
export class ScenarioContext {
  /** Of no other scenario. */
  readonly taskQueue: string;
  readonly client: Client;
  readonly connection: Connection;
  readonly native: NativeConnection;
  readonly address: string;
  private readonly started: WorkflowHandle[] = [];
  private readonly cleanups: (() => Promise<unknown>)[] = [];
  private readonly workerErrors: unknown[] = [];

  constructor(
    readonly name: string,
    private readonly surroundings: Surroundings,
  ) {
    this.taskQueue = `${name}-${randomUUID().slice(0, 8)}`;
    this.address = surroundings.address;
    this.connection = surroundings.connection;
    this.native = surroundings.native;
    this.client = this.newClient();
  }

  newClient(options: Omit<ClientOptions, 'connection'> = {}): Client {
    return new Client({ connection: this.connection, ...options });
  }

  /** An id of no other workflow. */
  workflowId(label = 'workflow'): string {
    return `${this.taskQueue}/${label}`;
  }

  /** Starts a workflow, by default as this scenario's `workflow`, on its task queue. */
  async start<T extends Workflow>(
    workflow: T | string,
    options: StartOptions<T>,
    client = this.client,
  ): Promise<WorkflowHandleWithFirstExecutionRunId<T>> {
    return await this.startAs(workflow, options, client);
  }

  /** Starts a workflow through the connection of the workers, one of which may get its first task at once. */
  async startEagerly<T extends Workflow>(
    workflow: T,
    options: StartOptions<T>,
  ): Promise<WorkflowHandleWithStartDetails<T>> {
    const client = new Client({ connection: this.native });
    return await this.startAs<T>(workflow, { ...options, requestEagerStart: true }, client);
  }

  private async startAs<T extends Workflow>(
    workflow: T | string,
    options: StartOptions<T>,
    client: Client,
  ): Promise<WorkflowHandleWithStartDetails<T>> {
    const complete = {
      taskQueue: this.taskQueue,
      workflowId: this.workflowId(randomUUID().slice(0, 8)),
      ...options,
    } as WorkflowStartOptions<T>;
    const handle = await client.workflow.start<T>(workflow as T, complete);
    this.started.push(this.client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId));
    return handle;
  }

  /** Starts a worker on the scenario's task queue with all workflows of a bundle and the common activities. */
  async work(options: ScenarioWorkerOptions = {}): Promise<RunningWorker> {
    const { bundle = 'main', ...others } = options;
    const worker = await Worker.create({
      connection: this.native,
      taskQueue: this.taskQueue,
      ...(bundle !== 'none' && { workflowBundle: await bundleOf(bundle) }),
      activities,
      ...others,
    });
    const ended = worker.run().catch((error: unknown) => {
      this.workerErrors.push(error);
    });
    let isStopping = false;
    const stop = async (): Promise<void> => {
      if (!isStopping && worker.getState() === 'RUNNING') worker.shutdown();
      isStopping = true;
      await ended;
    };
    this.atEnd(stop);
    return { worker, stop };
  }

  /** Starts a worker in a process of its own, which can be killed. It prints a line for each activity it begins. */
  async workElsewhere(
    name: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<RunningProcess> {
    const process = new RunningProcess({
      name,
      args: [fileURLToPath(new URL('../worker-process.js', import.meta.url))],
      env: {
        CONFORMANCE_ADDRESS: this.address,
        CONFORMANCE_TASK_QUEUE: this.taskQueue,
        CONFORMANCE_IDENTITY: name,
        CONFORMANCE_BUNDLE: await this.bundleFile('main'),
        ...environment,
      },
      log: this.surroundings.log,
    });
    this.atEnd(async () => {
      await process.kill();
    });
    await process.line(/^ready$/);
    return process;
  }

  /** Starts one of Tidewheel's own workers on the scenario's task queue, with modules of the folder `mixed`. */
  async workAsTidewheel(modules: {
    readonly workflows?: string;
    readonly activities?: string;
  }): Promise<void> {
    const moduleFile = (name: string): string =>
      fileURLToPath(new URL(`../mixed/${name}.js`, import.meta.url));
    const { workflows, activities: activityModule } = modules;
    const worker = new RunningProcess({
      name: 'tidewheel-worker',
      args: [TIDEWHEEL_WORKER],
      env: {
        TIDEWHEEL_REDIS_URL: this.deployment.redisUrl,
        TIDEWHEEL_WORKER_TASK_QUEUES: this.taskQueue,
        TIDEWHEEL_WORKER_PORT: '0',
        ...(workflows !== undefined && { TIDEWHEEL_WORKER_WORKFLOWS: moduleFile(workflows) }),
        ...(activityModule !== undefined && { TIDEWHEEL_WORKER_ACTIVITIES: moduleFile(activityModule) }),
      },
      log: this.surroundings.log,
    });
    this.atEnd(() => worker.end());
    await worker.line(/"msg":"listening"/);
  }

  /** A workflow as the REST API shows it. */
  async overRest(
    workflowId: string,
  ): Promise<{ readonly status: string; readonly events: readonly string[] }> {
    const url = `${this.deployment.restUrl}/api/v1/namespaces/default/workflows/${encodeURIComponent(workflowId)}`;
    const read = async <T>(address: string): Promise<T> => (await (await fetch(address)).json()) as T;
    const { status } = await read<{ status: string }>(url);
    const { events } = await read<{ events: { eventType: string }[] }>(`${url}/history`);
    return { status, events: events.map(({ eventType }) => eventType) };
  }

  private get deployment(): Pick<Deployment, 'redisUrl' | 'restUrl'> {
    const { deployment } = this.surroundings;
    if (!deployment) throw new Error('this scenario needs a deployment of its own');
    return deployment;
  }

  async bundleFile(name: BundleName): Promise<string> {
    const file = join(this.surroundings.folder, `${name}.bundle.js`);
    await writeFile(file, (await bundleOf(name)).code);
    return file;
  }

  /** The whole history, which must be sound. */
  async history(handle: WorkflowHandle): Promise<History> {
    const history = await handle.fetchHistory();
    const faults = faultsOf(history);
    if (faults.length > 0) throw new Error(`unsound history: ${faults.join('; ')}`);
    return history;
  }

  async eventTypes(handle: WorkflowHandle): Promise<string[]> {
    return typesOf(await this.history(handle));
  }

  /** Whether the current run of a workflow has an event of this type. */
  async hasEvent(handle: WorkflowHandle, type: string): Promise<boolean> {
    return (await this.eventTypes(handle)).includes(type);
  }

  /** Done when the scenario is over, latest first. */
  atEnd(cleanup: () => Promise<unknown>): void {
    this.cleanups.unshift(cleanup);
  }

  /**
   * Every workflow that was started here goes through the official replay.
   *
   * @throws when one does not give the same commands again
   */
  async replay(): Promise<void> {
    const histories: { workflowId: string; history: History }[] = [];
    for (const handle of this.started) {
      histories.push({ workflowId: handle.workflowId, history: await this.history(handle) });
    }
    if (histories.length === 0) return;
    const results = Worker.runReplayHistories({ workflowBundle: await bundleOf('main') }, histories);
    for await (const { workflowId, error } of results) {
      if (error) throw new Error(`the history of ${workflowId} does not replay`, { cause: error });
    }
  }

  /** Ends what still runs, and says what went wrong with it. */
  async close(): Promise<unknown[]> {
    const errors: unknown[] = [];
    for (const cleanup of this.cleanups.splice(0)) {
      await cleanup().catch((error: unknown) => errors.push(error));
    }
    for (const handle of this.started) await handle.terminate('the scenario is over').catch(() => undefined);
    return [...this.workerErrors, ...errors];
  }

  /** For whoever looks into a failure. */
  async keepHistories(): Promise<void> {
    await mkdir(this.surroundings.folder, { recursive: true });
    for (const [index, handle] of this.started.entries()) {
      const history = await handle.fetchHistory().catch(() => undefined);
      if (!history) continue;
      const file = join(this.surroundings.folder, `${this.name}-${index + 1}.json`);
      await writeFile(file, historyToJSON(history));
    }
  }
}
