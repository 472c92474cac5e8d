import { defaultPayloadConverter } from '@tidewheel/common';
import type { Command, Payload } from '@tidewheel/core';
import fc from 'fast-check';
import type { ActivationRequest, ActivationResult } from '../activation-request.js';
import { readRequests, readResults, writeRequests, writeResults } from './thread-messages.js';

/** Too big to travel as text. */
const BIG_PAYLOAD = defaultPayloadConverter.toPayload(new Uint8Array(70_000));

const payload: fc.Arbitrary<Payload> = fc.oneof(
  fc
    .oneof(fc.jsonValue(), fc.constant(undefined), fc.uint8Array())
    .map((value) => defaultPayloadConverter.toPayload(value)),
  fc.constant(BIG_PAYLOAD),
  fc.record({
    metadata: fc.constant({ encoding: Buffer.from('json/plain'), key: Buffer.from('k') }),
    data: fc.uint8Array(),
  }),
);
const payloads = fc.array(payload, { maxLength: 3 });

const command = fc.oneof(
  fc.record({
    commandType: fc.constant('ScheduleActivityTask'),
    attributes: fc.record(
      {
        activityId: fc.string(),
        activityType: fc.string(),
        startToCloseTimeoutMs: fc.nat(),
        input: payloads,
      },
      { requiredKeys: ['activityId', 'activityType'] },
    ),
  }),
  fc.record({
    commandType: fc.constant('CompleteWorkflowExecution'),
    attributes: fc.record({ result: payloads }, { requiredKeys: [] }),
  }),
  fc.record({
    commandType: fc.constant('StartTimer'),
    attributes: fc.record({ timerId: fc.string(), startToFireTimeoutMs: fc.nat() }),
  }),
  fc.record({
    commandType: fc.constant('FailWorkflowExecution'),
    attributes: fc.record({ failure: fc.record({ message: fc.string() }) }),
  }),
  fc.record({
    commandType: fc.constant('RecordMarker'),
    attributes: fc.record({ markerName: fc.string(), details: fc.record({ d: payloads }) }),
  }),
) as fc.Arbitrary<Command>;

const result: fc.Arbitrary<ActivationResult> = fc.oneof(
  fc.record({
    kind: fc.constant('completed' as const),
    commands: fc.array(command, { maxLength: 4 }),
    queryAnswers: fc.constantFrom({}, { q: { answered: false as const, errorMessage: 'no' } }),
    logs: fc.constantFrom([], [{ level: 'INFO' as const, message: 'm', timestampMs: 1 }]),
    workflowType: fc.string(),
    runStartedMs: fc.nat(),
  }),
  fc.constant({ kind: 'cacheMiss' as const }),
  fc.constant({
    kind: 'failed' as const,
    cause: 'UNSPECIFIED' as const,
    failure: { message: 'm' },
    logs: [],
  }),
);

/** Byte arrays of whatever class, as text; an empty list of payloads counts as none, as it does everywhere. */
function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, item: unknown) => {
      if (item instanceof Uint8Array) return Buffer.from(item).toString('hex');
      if (typeof item === 'object' && item !== null && 'type' in item && item.type === 'Buffer') {
        return Buffer.from((item as unknown as { data: number[] }).data).toString('hex');
      }
      return (key === 'input' || key === 'result') && Array.isArray(item) && item.length === 0
        ? undefined
        : item;
    }),
  );
}

test('results arrive as they were sent', () => {
  fc.assert(
    fc.property(fc.array(result), (results) => {
      const numbered = results.map((each, index) => ({ number: index + 1, result: each }));
      const received = readResults(structuredClone(writeResults(numbered)));
      expect(comparable(received)).toEqual(comparable(numbered));
    }),
  );
});

test('requests arrive as they were sent, each with its own events', () => {
  const common = { namespace: 'n', workflowId: 'w "quoted"', taskQueue: 'q', attempt: 1, startedEventId: 3 };
  const request = fc.record({
    runId: fc.string(),
    previousStartedEventId: fc.nat(),
    firstEventId: fc.nat(),
    packedEvents: fc.uint8Array(),
    queries: fc.constantFrom([], [{ queryId: '1', queryType: 't', args: [] }]),
    isQueryOnly: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(request), (requests) => {
      const numbered = requests.map((each, index): { number: number; request: ActivationRequest } => ({
        number: index + 1,
        request: { ...common, ...each },
      }));
      const received = readRequests(structuredClone(writeRequests(numbered)));
      expect(received).toHaveLength(numbered.length);
      received.forEach((got, index) => {
        expect(got.number).toBe(index + 1);
        expect(comparable(got.request)).toMatchObject(comparable(numbered[index]!.request) as object);
      });
    }),
  );
});
