import type { Failure, FailureInfo, RetryState, TimeoutType } from '@tidewheel/core';
import { ByteReader, CorruptEncodingError } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { field, recordCodec } from './field-codec.js';
import type { FieldKind, RecordCodec } from './field-codec.js';
import { flag, nested, oneOf, payload, payloads, text, uint } from './field-kinds.js';

/** Numbers that stand for retry states in storage; never change one. */
export const retryState: FieldKind<RetryState> = oneOf<RetryState>({
  UNSPECIFIED: 0,
  IN_PROGRESS: 1,
  NON_RETRYABLE_FAILURE: 2,
  TIMEOUT: 3,
  MAXIMUM_ATTEMPTS_REACHED: 4,
  RETRY_POLICY_NOT_SET: 5,
  INTERNAL_SERVER_ERROR: 6,
  CANCEL_REQUESTED: 7,
});

/** Numbers that stand for timeout types in storage; never change one. */
export const timeoutType: FieldKind<TimeoutType> = oneOf<TimeoutType>({
  UNSPECIFIED: 0,
  START_TO_CLOSE: 1,
  SCHEDULE_TO_START: 2,
  SCHEDULE_TO_CLOSE: 3,
  HEARTBEAT: 4,
});

type InfoOf<K extends FailureInfo['kind']> = Extract<FailureInfo, { kind: K }>;

/** A field that only tells one kind of failure from another and always has the same value. */
function kindField<K extends FailureInfo['kind']>(
  kind: K,
): { readonly tag: number; readonly kind: FieldKind<K> } {
  return field(63, { wire: 2, write: () => undefined, read: () => kind });
}

const application = recordCodec<InfoOf<'application'>>({
  kind: kindField('application'),
  type: field(1, text),
  nonRetryable: field(2, flag),
  details: field(3, payloads),
  nextRetryDelayMs: field(4, uint),
  category: field(5, oneOf({ BENIGN: 1 })),
});
const timeout = recordCodec<InfoOf<'timeout'>>({
  kind: kindField('timeout'),
  timeoutType: field(1, timeoutType),
  lastHeartbeatDetails: field(2, payloads),
});
const canceled = recordCodec<InfoOf<'canceled'>>({
  kind: kindField('canceled'),
  details: field(1, payloads),
  identity: field(2, text),
});
const terminated = recordCodec<InfoOf<'terminated'>>({
  kind: kindField('terminated'),
  identity: field(1, text),
});
const server = recordCodec<InfoOf<'server'>>({ kind: kindField('server'), nonRetryable: field(1, flag) });
const resetWorkflow = recordCodec<InfoOf<'resetWorkflow'>>({
  kind: kindField('resetWorkflow'),
  lastHeartbeatDetails: field(1, payloads),
});
const activity = recordCodec<InfoOf<'activity'>>({
  kind: kindField('activity'),
  scheduledEventId: field(1, uint),
  startedEventId: field(2, uint),
  identity: field(3, text),
  activityType: field(4, text),
  activityId: field(5, text),
  retryState: field(6, retryState),
});
const childWorkflow = recordCodec<InfoOf<'childWorkflow'>>({
  kind: kindField('childWorkflow'),
  namespace: field(1, text),
  workflowId: field(2, text),
  runId: field(3, text),
  workflowType: field(4, text),
  initiatedEventId: field(5, uint),
  startedEventId: field(6, uint),
  retryState: field(7, retryState),
});

/** Which number stands for which kind of failure; never change one. */
const INFO_CODECS: readonly {
  readonly code: number;
  readonly kind: FailureInfo['kind'];
  readonly codec: RecordCodec<FailureInfo>;
}[] = [
  { code: 1, kind: 'application', codec: application },
  { code: 2, kind: 'timeout', codec: timeout },
  { code: 3, kind: 'canceled', codec: canceled },
  { code: 4, kind: 'terminated', codec: terminated },
  { code: 5, kind: 'server', codec: server },
  { code: 6, kind: 'resetWorkflow', codec: resetWorkflow },
  { code: 7, kind: 'activity', codec: activity },
  { code: 8, kind: 'childWorkflow', codec: childWorkflow },
];

const info: FieldKind<FailureInfo> = {
  wire: 1,
  write(writer, value) {
    const entry = INFO_CODECS.find((candidate) => candidate.kind === value.kind);
    writer.sized(() => {
      writer.byte(entry?.code ?? 0);
      entry?.codec.write(writer, value);
    });
  },
  read(reader, end) {
    const code = reader.byte();
    const entry = INFO_CODECS.find((candidate) => candidate.code === code) ?? INFO_CODECS[0];
    const value = (entry as (typeof INFO_CODECS)[number]).codec.read(reader, end);
    return withDefaults(value);
  },
};

/** Absent flags read as false. */
function withDefaults(value: FailureInfo): FailureInfo {
  if (value.kind === 'application' || value.kind === 'server') {
    return { ...value, nonRetryable: (value as { nonRetryable?: boolean }).nonRetryable ?? false };
  }
  return value;
}

/** Causes behind a failure that are kept; a longer chain is cut off, because reading it could exhaust the stack. */
const MAX_CAUSES = 250;
let causesAbove = 0;

const cause: FieldKind<Failure> = {
  wire: 1,
  write(writer, value) {
    const kept = causesAbove < MAX_CAUSES ? value : { message: 'further causes were cut off' };
    oneCauseDeeper(() => writer.sized(() => failureCodec.write(writer, kept)));
  },
  read(reader, end) {
    if (causesAbove > MAX_CAUSES) throw new CorruptEncodingError('a failure has too many causes');
    return oneCauseDeeper(() => failureCodec.read(reader, end));
  },
};

function oneCauseDeeper<T>(action: () => T): T {
  causesAbove++;
  try {
    return action();
  } finally {
    causesAbove--;
  }
}

const failureCodec: RecordCodec<Failure> = recordCodec<Failure>({
  message: field(1, text),
  source: field(2, text),
  stackTrace: field(3, text),
  cause: field(4, cause),
  encodedAttributes: field(5, payload),
  info: field(6, info),
});

/** A failure inside a record. */
export const failure: FieldKind<Failure> = nested(() => failureCodec);

const writer = new ByteWriter();

/** Bytes of a failure that is stored by itself. */
export function encodeFailure(value: Failure): Buffer {
  writer.reset();
  failureCodec.write(writer, value);
  return writer.copy();
}

/** @throws CorruptEncodingError when the bytes are no failure */
export function decodeFailure(bytes: Uint8Array): Failure {
  const reader = new ByteReader(bytes);
  return failureCodec.read(reader, reader.end);
}
