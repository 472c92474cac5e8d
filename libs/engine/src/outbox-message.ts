import type { NewEvent, Payload, WorkflowExecutionTarget } from '@tidewheel/core';
import { decodePayloads, encodePayloads } from '@tidewheel/codec';

/** What one execution asks of another; it travels through the partition's outbox. */
export type OutboxMessage =
  | { readonly kind: 'cancel'; readonly target: WorkflowExecutionTarget; readonly reason?: string }
  | {
      readonly kind: 'signal';
      readonly target: WorkflowExecutionTarget;
      readonly signalName: string;
      readonly input?: readonly Payload[];
      readonly header?: Readonly<Record<string, Payload>>;
    };

interface StoredMessage {
  readonly kind: 'cancel' | 'signal';
  readonly target: WorkflowExecutionTarget;
  readonly reason?: string;
  readonly signalName?: string;
  /** Payloads in storage encoding, base64. */
  readonly input?: string;
  readonly header?: Readonly<Record<string, string>>;
}

/** The message of an event that initiates something elsewhere, as it is stored in the outbox. */
export function encodeOutboxMessage(event: NewEvent): Buffer {
  return Buffer.from(JSON.stringify(storedMessage(event)));
}

/** Reads a message of the outbox. */
export function decodeOutboxMessage(bytes: Buffer): OutboxMessage {
  const stored = JSON.parse(bytes.toString()) as StoredMessage;
  if (stored.kind === 'cancel') {
    return {
      kind: 'cancel',
      target: stored.target,
      ...(stored.reason !== undefined && { reason: stored.reason }),
    };
  }
  const header = Object.entries(stored.header ?? {}).flatMap(([key, value]) => {
    const [payload] = decodePayloads(Buffer.from(value, 'base64'));
    return payload ? [[key, payload] as const] : [];
  });
  return {
    kind: 'signal',
    target: stored.target,
    signalName: stored.signalName ?? '',
    ...(stored.input !== undefined && { input: decodePayloads(Buffer.from(stored.input, 'base64')) }),
    ...(stored.header && { header: Object.fromEntries(header) }),
  };
}

function storedMessage(event: NewEvent): StoredMessage {
  if (event.eventType === 'RequestCancelExternalWorkflowExecutionInitiated') {
    const { workflowExecution: target, reason } = event.attributes;
    return { kind: 'cancel', target, ...(reason !== undefined && { reason }) };
  }
  if (event.eventType !== 'SignalExternalWorkflowExecutionInitiated') {
    throw new TypeError(`event ${event.eventType} asks nothing of another execution`);
  }
  const { workflowExecution: target, signalName, input, header } = event.attributes;
  return {
    kind: 'signal',
    target,
    signalName,
    ...(input && { input: encodePayloads(input).toString('base64') }),
    ...(header && {
      header: Object.fromEntries(
        Object.entries(header).map(([key, payload]) => [key, encodePayloads([payload]).toString('base64')]),
      ),
    }),
  };
}
