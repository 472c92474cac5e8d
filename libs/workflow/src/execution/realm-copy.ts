import type { Failure, HistoryEventOf, Payload, PayloadMap, Payloads } from '@tidewheel/core';

/**
 * A copy of a failure made of this realm's objects: what comes from the history belongs to the host, and workflow code
 * gets to see the failure with the error made of it.
 */
export function copyFailure(failure: Failure): Failure {
  const { cause, info, encodedAttributes, ...rest } = failure;
  return {
    ...rest,
    ...(cause && { cause: copyFailure(cause) }),
    ...(encodedAttributes && { encodedAttributes: copyPayload(encodedAttributes) }),
    ...(info && { info: copyInfo(info) }),
  };
}

/** The start of a run as it is kept: small, and without a hold on the bytes that its event was read from. */
export function copyWithoutInput(
  started: HistoryEventOf<'WorkflowExecutionStarted'>,
): HistoryEventOf<'WorkflowExecutionStarted'> {
  const { input: _input, header: _header, ...rest } = started.attributes;
  const { memo, searchAttributes, lastCompletionResult, continuedFailure } = rest;
  return {
    ...started,
    attributes: {
      ...rest,
      ...(memo && { memo: copyPayloadMap(memo) }),
      ...(searchAttributes && { searchAttributes: copyPayloadMap(searchAttributes) }),
      ...(lastCompletionResult && { lastCompletionResult: copyPayloads(lastCompletionResult) }),
      ...(continuedFailure && { continuedFailure: copyFailure(continuedFailure) }),
    },
  };
}

type Info = NonNullable<Failure['info']>;

function copyInfo(info: Info): Info {
  if ('details' in info) return { ...info, details: copyPayloads(info.details) };
  if ('lastHeartbeatDetails' in info) {
    return { ...info, lastHeartbeatDetails: copyPayloads(info.lastHeartbeatDetails) };
  }
  return { ...info };
}

function copyPayloadMap(map: PayloadMap): PayloadMap {
  return Object.fromEntries(Object.entries(map).map(([key, payload]) => [key, copyPayload(payload)]));
}

function copyPayloads(payloads: Payloads): Payloads {
  return Array.from(payloads, copyPayload);
}

function copyPayload({ metadata, data }: Payload): Payload {
  const entries = Object.entries(metadata).map(([key, value]) => [key, new Uint8Array(value)] as const);
  return { metadata: Object.fromEntries(entries), data: new Uint8Array(data) };
}
