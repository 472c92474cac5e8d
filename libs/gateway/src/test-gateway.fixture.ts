import { credentials, makeClientConstructor, Metadata, status } from '@grpc/grpc-js';
import type { Client, ClientReadableStream, ClientUnaryCall, ServiceError } from '@grpc/grpc-js';
import { Engine } from '@tidewheel/engine';
import { startTestStore } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { api, SERVICES } from './proto.js';
import type { OperatorMethod, P, RequestOf, ResponseOf, WorkflowMethod } from './proto.js';
import { Gateway } from './server.js';
import type { GatewayOptions } from './server.js';
import { statusOf } from './status-details.fixture.js';
import type { DecodedStatus } from './status-details.fixture.js';

export const NAMESPACE = 'default';
/** A safety net, not an expectation. */
const DEADLINE_MS = 60_000;

/** A response as it is decoded: everything has a value, messages may be null. */
type Decoded<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** How a call is made. */
interface CallOptions {
  readonly deadlineMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

type Unary = (
  this: Client,
  request: object,
  metadata: Metadata,
  options: { deadline: number },
  callback: (error: ServiceError | null, response?: object) => void,
) => ClientUnaryCall;
type Streaming = (this: Client, request: object) => ClientReadableStream<{ readonly status: number }>;
type Service = keyof typeof SERVICES;

/** Calls a gateway as any gRPC client does. */
export class TestClient {
  private readonly clients: Readonly<Record<Service, Client>>;

  constructor(address: string) {
    // Calls of one client share one connection.
    const open = (service: Service): Client =>
      new (makeClientConstructor(SERVICES[service], service))(address, credentials.createInsecure());
    this.clients = { workflow: open('workflow'), operator: open('operator'), health: open('health') };
  }

  call<M extends WorkflowMethod>(
    method: M,
    request: RequestOf<M>,
    options?: CallOptions,
  ): Promise<Decoded<ResponseOf<M>>> {
    return this.unary('workflow', method, request, options) as Promise<Decoded<ResponseOf<M>>>;
  }

  /** How a call is refused. */
  async refusal<M extends WorkflowMethod>(
    method: M,
    request: RequestOf<M>,
    options?: CallOptions,
  ): Promise<DecodedStatus> {
    return this.refused(method, () => this.call(method, request, options));
  }

  /** How a call of the operator's service is refused. */
  async operatorRefusal<M extends OperatorMethod>(method: M, request: RequestOf<M>): Promise<DecodedStatus> {
    return this.refused(method, () => this.operator(method, request));
  }

  private async refused(method: string, call: () => Promise<unknown>): Promise<DecodedStatus> {
    try {
      await call();
    } catch (error) {
      return statusOf(error as ServiceError);
    }
    throw new Error(`${method} was not refused`);
  }

  operator<M extends OperatorMethod>(method: M, request: RequestOf<M>): Promise<Decoded<ResponseOf<M>>> {
    return this.unary('operator', method, request) as Promise<Decoded<ResponseOf<M>>>;
  }

  async health(service = ''): Promise<number> {
    return ((await this.unary('health', 'Check', { service })) as { readonly status: number }).status;
  }

  watchHealth(service = ''): ClientReadableStream<{ readonly status: number }> {
    const { health } = this.clients;
    const { Watch } = health as unknown as Record<'Watch', Streaming>;
    return Watch.call(health, { service });
  }

  unary(service: Service, method: string, request: object, options: CallOptions = {}): Promise<object> {
    const client = this.clients[service];
    const deadline = Date.now() + (options.deadlineMs ?? DEADLINE_MS);
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value);
    return new Promise((resolve, reject) => {
      const send = (client as unknown as Readonly<Record<string, Unary>>)[method];
      if (!send) throw new Error(`there is no method ${method}`);
      const call = send.call(client, request, metadata, { deadline }, (error, response) => {
        if (error) reject(error);
        else resolve(response ?? {});
      });
      options.signal?.addEventListener('abort', () => call.cancel());
    });
  }

  close(): void {
    for (const client of Object.values(this.clients)) client.close();
  }
}

/** A gateway on an engine and a Redis of its own, and a client of it. */
export interface TestGateway {
  readonly engine: Engine;
  readonly gateway: Gateway;
  readonly client: TestClient;
  stop(): Promise<void>;
}

export async function startTestGateway(options: Omit<GatewayOptions, 'engine'> = {}): Promise<TestGateway> {
  const redis = await startTestStore();
  const engine = await Engine.open({ connection: { url: redis.url } });
  await engine.startDuties();
  const gateway = await Gateway.start({ engine, version: '1.2.3', ...options });
  const client = new TestClient(gateway.address);
  return {
    engine,
    gateway,
    client,
    async stop() {
      client.close();
      await gateway.close();
      await engine.close();
      await redis.stop();
    },
  };
}

/** An execution that no other test uses. */
export interface TestExecution {
  readonly workflowId: string;
  readonly runId: string;
  readonly taskQueue: string;
  readonly execution: P.WorkflowExecution;
}

/** Starts a workflow under an id and on a task queue of its own. */
export async function startExecution(
  client: TestClient,
  request: RequestOf<'StartWorkflowExecution'> = {},
): Promise<TestExecution> {
  const workflowId = request.workflowId ?? `workflow-${randomUUID()}`;
  const taskQueue = request.taskQueue?.name ?? `queue-${randomUUID()}`;
  const { runId } = await client.call('StartWorkflowExecution', {
    namespace: NAMESPACE,
    workflowType: { name: 'order' },
    requestId: randomUUID(),
    ...request,
    workflowId,
    taskQueue: { name: taskQueue },
  });
  return { workflowId, runId: runId ?? '', taskQueue, execution: { workflowId, runId } };
}

/** Does the workflow task that waits, as a worker would. */
export async function decide(
  client: TestClient,
  { taskQueue }: TestExecution,
  ...commands: P.Command[]
): Promise<void> {
  const { taskToken } = await client.call('PollWorkflowTaskQueue', {
    namespace: NAMESPACE,
    taskQueue: { name: taskQueue },
    identity: 'worker',
  });
  await client.call('RespondWorkflowTaskCompleted', {
    namespace: NAMESPACE,
    taskToken,
    identity: 'worker',
    commands,
  });
}

/** Ends an execution, as its worker would. */
export function closeExecution(client: TestClient, execution: TestExecution): Promise<void> {
  return decide(client, execution, completion());
}

export function describeExecution(client: TestClient, { execution }: TestExecution) {
  return client.call('DescribeWorkflowExecution', { namespace: NAMESPACE, execution });
}

export function readHistory(
  client: TestClient,
  execution: P.WorkflowExecution,
  more: RequestOf<'GetWorkflowExecutionHistory'> = {},
) {
  return client.call('GetWorkflowExecutionHistory', { namespace: NAMESPACE, execution, ...more });
}

/** The first page of an execution's events. */
export async function readEvents(
  client: TestClient,
  execution: P.WorkflowExecution,
): Promise<readonly P.HistoryEvent[]> {
  return (await readHistory(client, execution)).history?.events ?? [];
}

/** The command that ends a workflow. */
export function completion(result = json(true)): P.Command {
  return {
    commandType: api.enums.v1.CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
    completeWorkflowExecutionCommandAttributes: { result: { payloads: [result] } },
  };
}

/** A payload as the default data converter makes it. */
export function json(value: unknown): P.Payload {
  return {
    metadata: { encoding: Buffer.from('json/plain') },
    data: Buffer.from(JSON.stringify(value)),
  };
}

/** gRPC's codes, by name. */
export const CODE = status;
