import { Metadata, status } from '@grpc/grpc-js';
import type { HistoryEvent } from '@tidewheel/core';
import { Engine, SILENT_LOGGER } from '@tidewheel/engine';
import type { StartWorkflowRequest } from '@tidewheel/engine';
import { checkHistory } from '@tidewheel/history-checker';
import { TaskHub, workerLogger } from '@tidewheel/remote-polling';
import type { ScriptRunner } from '@tidewheel/store';
import { startTestStore } from '@tidewheel/testing';
import type { TestStore } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import type { CallContext, Handler, MethodTable } from './call-context.js';
import { clientMethods } from './client-methods/index.js';
import { normalTaskQueue, stickyTaskQueue } from './convert/task-queue.js';
import { toServiceError } from './errors.js';
import { api } from './proto.js';
import type { P, RequestOf, ResponseOf, WorkflowMethod } from './proto.js';
import { workerMethods } from './worker-methods/index.js';
import type { WorkerMethods } from './worker-methods/index.js';

export const NAMESPACE = 'default';
export const WORKER = 'worker-1';

/** What a call may say beside its request. */
interface CallOptions {
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
  /** Headers that the caller sends. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface DeploymentOptions {
  readonly partitions: number;
  /** Without duties nothing is taken over and nothing times out: what comes again was given back. */
  readonly duties: boolean;
}

/** A response as a client decodes it. */
type Decoded<T> = { readonly [K in keyof T]-?: NonNullable<T[K]> };

interface MessageType {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

/** One API process: an engine, a hub, and the handlers, called with messages that go through their encoding. */
export class WorkerGateway {
  private constructor(
    readonly engine: Engine,
    readonly hub: TaskHub,
    private readonly workers: WorkerMethods,
    private readonly methods: MethodTable,
  ) {}

  static async open(
    redis: TestStore,
    identity: string,
    { partitions, duties }: DeploymentOptions,
  ): Promise<WorkerGateway> {
    const engine = await Engine.open({ connection: { url: redis.url }, partitions, identity });
    if (duties) await engine.startDuties();
    const logger = workerLogger(SILENT_LOGGER);
    const hub = new TaskHub(engine, logger, { lingerMs: 500, stickyLingerMs: 500 });
    const workers = workerMethods({ engine, logger }, hub);
    const clients = clientMethods({ engine, logger: SILENT_LOGGER, version: 'test' });
    return new WorkerGateway(engine, hub, workers, { ...clients, ...workers.methods });
  }

  async call<M extends WorkflowMethod>(
    method: M,
    request: RequestOf<M>,
    options: CallOptions = {},
  ): Promise<Decoded<ResponseOf<M>>> {
    const handler = this.methods[method] as unknown as Handler<object, object> | undefined;
    if (!handler) throw new Error(`${method} has no handler`);
    const types = api.workflowservice.v1 as unknown as Record<string, MessageType>;
    const signal = options.signal ?? new AbortController().signal;
    const call: CallContext = {
      signal,
      get cancelled() {
        return signal.aborted;
      },
      deadlineMs: options.deadlineMs ?? Date.now() + 70_000,
      method,
      metadata: Metadata.fromHttp2Headers(options.headers ?? {}),
    };
    const response = await handler(throughWire(types[`${method}Request`], request), call);
    return throughWire(types[`${method}Response`], response) as Decoded<ResponseOf<M>>;
  }

  /** Calls back once, after the next run of a script and before its caller gets the reply; throwing loses the reply. */
  afterScript(name: string, callback: () => void | Promise<void>): void {
    this.intercept(name, 'after', callback);
  }

  /** Calls back once, before the next run of a script; throwing keeps it from running. */
  beforeScript(name: string, callback: () => void | Promise<void>): void {
    this.intercept(name, 'before', callback);
  }

  private intercept(name: string, when: 'before' | 'after', callback: () => void | Promise<void>): void {
    const context = this.engine.context as { run: ScriptRunner };
    const { run } = context;
    context.run = async (script, args) => {
      if (script.name !== name) return run(script, args);
      context.run = run;
      if (when === 'before') await callback();
      const reply = await run(script, args);
      if (when === 'after') await callback();
      return reply;
    };
  }

  pollWorkflow(
    taskQueue: string,
    options: CallOptions & { readonly sticky?: string; readonly identity?: string } = {},
  ): Promise<Decoded<ResponseOf<'PollWorkflowTaskQueue'>>> {
    const { sticky, identity = WORKER, ...call } = options;
    return this.call(
      'PollWorkflowTaskQueue',
      {
        namespace: NAMESPACE,
        taskQueue: sticky ? stickyTaskQueue(sticky, taskQueue) : normalTaskQueue(taskQueue),
        identity,
      },
      call,
    );
  }

  pollActivity(
    taskQueue: string,
    options: CallOptions = {},
  ): Promise<Decoded<ResponseOf<'PollActivityTaskQueue'>>> {
    return this.call(
      'PollActivityTaskQueue',
      { namespace: NAMESPACE, taskQueue: { name: taskQueue }, identity: WORKER },
      options,
    );
  }

  complete(
    { taskToken }: { readonly taskToken: Uint8Array },
    request: Omit<RequestOf<'RespondWorkflowTaskCompleted'>, 'taskToken'> = {},
  ): Promise<Decoded<ResponseOf<'RespondWorkflowTaskCompleted'>>> {
    return this.call('RespondWorkflowTaskCompleted', {
      namespace: NAMESPACE,
      identity: WORKER,
      taskToken,
      ...request,
    });
  }

  /** Starts a workflow under an id and on a task queue of its own. */
  async start(
    request: Partial<StartWorkflowRequest> = {},
  ): Promise<{ readonly workflowId: string; readonly runId: string; readonly taskQueue: string }> {
    const name = randomUUID().slice(0, 8);
    const complete = {
      namespace: NAMESPACE,
      workflowId: `order ${name}`,
      workflowType: 'order',
      taskQueue: `queue ${name}`,
      ...request,
    };
    const { runId } = await this.engine.startWorkflow(complete);
    return { workflowId: complete.workflowId, runId, taskQueue: complete.taskQueue };
  }

  /** The whole history, which must keep all rules. */
  async history(workflowId: string): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    for (let fromEventId = 1; ;) {
      const page = await this.engine.getHistory({ namespace: NAMESPACE, workflowId, fromEventId });
      events.push(...page.events);
      if (page.nextEventId === undefined || page.events.length === 0) {
        expect(checkHistory(events, { status: page.status })).toEqual([]);
        return events;
      }
      fromEventId = page.nextEventId;
    }
  }

  /** The types of all events. */
  async story(workflowId: string): Promise<string[]> {
    return (await this.history(workflowId)).map(({ eventType }) =>
      eventType
        .replace('WorkflowExecution', '')
        .replace('WorkflowTask', 'WT ')
        .replace('ActivityTask', 'AT '),
    );
  }

  async close(): Promise<void> {
    await this.workers.close();
    await this.engine.close();
  }
}

/** Some API processes on a Redis of their own. */
export class TestDeployment {
  readonly gateways: WorkerGateway[] = [];

  private constructor(
    private readonly redis: TestStore,
    private readonly options: DeploymentOptions,
  ) {}

  static async start(options: Partial<DeploymentOptions> = {}): Promise<TestDeployment> {
    return new TestDeployment(await startTestStore(), { partitions: 1, duties: true, ...options });
  }

  async open(identity: string): Promise<WorkerGateway> {
    const gateway = await WorkerGateway.open(this.redis, identity, this.options);
    this.gateways.push(gateway);
    return gateway;
  }

  async stop(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.close()));
    await this.redis.stop();
  }
}

/** What a call was refused with, as the caller sees it. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await call;
  } catch (error) {
    const { code, details } = toServiceError(error);
    return { code: status[code], message: details };
  }
  throw new Error('the call was not refused');
}

const { CommandType } = api.enums.v1;

export function payloads(...values: unknown[]): P.Payloads {
  return {
    payloads: values.map((value) => ({
      metadata: { encoding: Buffer.from('json/plain') },
      data: Buffer.from(JSON.stringify(value)),
    })),
  };
}

export function valueOf(given: P.Payloads | null | undefined): unknown {
  const [first] = given?.payloads ?? [];
  return first && JSON.parse(Buffer.from(first.data ?? []).toString());
}

/** Completes the workflow. */
export function finish(result: unknown = 'done'): P.Command {
  return {
    commandType: CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
    completeWorkflowExecutionCommandAttributes: { result: payloads(result) },
  };
}

type ScheduleActivity = NonNullable<P.Command['scheduleActivityTaskCommandAttributes']>;

/** Schedules an activity that may take a minute, and is not retried unless told so. */
export function activity(activityId: string, attributes: ScheduleActivity = {}): P.Command {
  return {
    commandType: CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
    scheduleActivityTaskCommandAttributes: {
      activityId,
      activityType: { name: 'charge' },
      input: payloads(activityId),
      startToCloseTimeout: { seconds: 60 as never },
      retryPolicy: { maximumAttempts: 1 },
      ...attributes,
    },
  };
}

function throughWire(type: MessageType | undefined, message: object): object {
  if (!type) throw new Error('there is no such message');
  return type.decode(type.encode(message).finish());
}
