import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protos from '@temporalio/proto';
import type { google, temporal } from '@temporalio/proto';

/** Temporal's messages by package, for example `api.common.v1.Payload`; each encodes and decodes itself. */
export const api = protos.temporal.api;
/** The well-known messages of Protocol Buffers, and google.rpc. */
export const wellKnown = protos.google;

type Common = typeof temporal.api.common.v1;
type Properties<Message> = Message extends { encode: (message: infer P, ...rest: never[]) => unknown }
  ? P
  : never;

type Enums = typeof temporal.api.enums.v1;

/** The numbers of a published enumeration. */
export type EnumOf<Name extends keyof Enums> = Enums[Name][keyof Enums[Name]];

/** An integer of 64 bits. Decoding gives an object that knows its number; the encoder takes plain numbers as well. */
type Int64 = NonNullable<google.protobuf.IDuration['seconds']>;

/** Short names of the messages that conversions go between. Everything in them may be left out or null. */
// eslint-disable-next-line @typescript-eslint/no-namespace -- a namespace of types only, as the generated ones are
export declare namespace P {
  type Command = temporal.api.command.v1.ICommand;
  type Duration = google.protobuf.IDuration;
  type Failure = temporal.api.failure.v1.IFailure;
  type History = temporal.api.history.v1.IHistory;
  type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
  type Payload = Properties<Common['Payload']>;
  type Payloads = Properties<Common['Payloads']>;
  type RetryPolicy = Properties<Common['RetryPolicy']>;
  type Timestamp = google.protobuf.ITimestamp;
  type UserMetadata = temporal.api.sdk.v1.IUserMetadata;
  type WorkerHeartbeat = temporal.api.worker.v1.IWorkerHeartbeat;
  type WorkerListInfo = temporal.api.worker.v1.IWorkerListInfo;
  type WorkerPollerInfo = temporal.api.worker.v1.IWorkerPollerInfo;
  type WorkerSlotsInfo = temporal.api.worker.v1.IWorkerSlotsInfo;
  type WorkflowExecution = Properties<Common['WorkflowExecution']>;
}

type WorkflowServiceMessages = typeof temporal.api.workflowservice.v1;
type OperatorServiceMessages = typeof temporal.api.operatorservice.v1;

type MethodsOf<Messages> = {
  [Name in keyof Messages & string]: Name extends `${infer Method}Request` ? Method : never;
}[keyof Messages & string];

/** Methods of Temporal's WorkflowService, for example `StartWorkflowExecution`. */
export type WorkflowMethod = MethodsOf<WorkflowServiceMessages>;
/** Methods of Temporal's OperatorService. */
export type OperatorMethod = MethodsOf<OperatorServiceMessages>;

type MessageOf<Name extends string> = Name extends keyof WorkflowServiceMessages
  ? Properties<WorkflowServiceMessages[Name]>
  : Name extends keyof OperatorServiceMessages
    ? Properties<OperatorServiceMessages[Name]>
    : never;

/** What a method is asked with. */
export type RequestOf<Method extends string> = MessageOf<`${Method}Request`>;
/** What a method answers with. */
export type ResponseOf<Method extends string> = MessageOf<`${Method}Response`>;

/** An integer for a field of 64 bits. */
export function int64(value: number): Int64 {
  // The encoder writes numbers as they are; only the generated types insist on objects.
  return value as unknown as Int64;
}

/** The number in a field of 64 bits; 0 when it is not set. */
export function toNumber(value: Int64 | number | null | undefined): number {
  if (value === null || value === undefined) return 0;
  return typeof value === 'number' ? value : value.toNumber();
}

/** As much of the reflection behind the generated messages as service definitions need. */
interface Reflection {
  lookupService(path: string): { resolveAll(): unknown; readonly methodsArray: readonly ReflectedMethod[] };
  lookupEnum(path: string): { readonly values: Readonly<Record<string, number>> };
}

interface ReflectedMethod {
  readonly name: string;
  readonly path: string;
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
  readonly resolvedRequestType: ReflectedType;
  readonly resolvedResponseType: ReflectedType;
}

interface ReflectedType {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

const reflection = protos as unknown as Reflection;

/** Names and numbers of a published enumeration, for example of `temporal.api.enums.v1.RetryState`. */
export function enumValues(path: string): Readonly<Record<string, number>> {
  return reflection.lookupEnum(path).values;
}

function serviceDefinition(path: string): ServiceDefinition {
  const service = reflection.lookupService(path);
  service.resolveAll();
  return Object.fromEntries(service.methodsArray.map((method) => [method.name, methodDefinition(method)]));
}

function methodDefinition(method: ReflectedMethod): MethodDefinition<object, object> {
  return {
    path: method.path,
    requestStream: method.requestStream ?? false,
    responseStream: method.responseStream ?? false,
    requestSerialize: serializer(method.resolvedRequestType),
    requestDeserialize: (bytes) => method.resolvedRequestType.decode(bytes),
    responseSerialize: serializer(method.resolvedResponseType),
    responseDeserialize: (bytes) => method.resolvedResponseType.decode(bytes),
    originalName: method.name,
  };
}

function serializer(type: ReflectedType): (message: object) => Buffer {
  return (message) => {
    const bytes = type.encode(message).finish();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

/** What grpc-js serves and calls each service by. */
export const SERVICES = {
  workflow: serviceDefinition('temporal.api.workflowservice.v1.WorkflowService'),
  operator: serviceDefinition('temporal.api.operatorservice.v1.OperatorService'),
  health: serviceDefinition('grpc.health.v1.Health'),
} as const;
