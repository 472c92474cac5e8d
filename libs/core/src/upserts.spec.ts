import type { HistoryEvent } from './event.js';
import type { Payload } from './payload.js';
import { foldUpserts } from './upserts.js';

function payload(encoding: string, data: string): Payload {
  return { metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) };
}

const json = (value: unknown): Payload => payload('json/plain', JSON.stringify(value));

function memoUpsert(upsertedMemo: Record<string, Payload>): HistoryEvent {
  return {
    eventId: 5,
    eventTimeMs: 0,
    eventType: 'WorkflowPropertiesModified',
    attributes: { workflowTaskCompletedEventId: 4, upsertedMemo },
  };
}

function searchUpsert(searchAttributes: Record<string, Payload>): HistoryEvent {
  return {
    eventId: 5,
    eventTimeMs: 0,
    eventType: 'UpsertWorkflowSearchAttributes',
    attributes: { workflowTaskCompletedEventId: 4, searchAttributes },
  };
}

describe('foldUpserts', () => {
  it('gives nothing where nothing was ever set', () => {
    expect(foldUpserts({}, [])).toEqual({});
  });

  it('adds and replaces by name, the last one winning, memo and search attributes apart', () => {
    const started = { memo: { a: json(1), b: json(1) } };
    const events = [
      memoUpsert({ b: json(2), c: json(2) }),
      searchUpsert({ a: json(3) }),
      memoUpsert({ c: json(4) }),
    ];
    expect(foldUpserts(started, events)).toEqual({
      memo: { a: json(1), b: json(2), c: json(4) },
      searchAttributes: { a: json(3) },
    });
  });

  it.each([payload('binary/null', ''), json(null), json([])])(
    'takes away what is set to nothing',
    (nothing) => {
      expect(foldUpserts({ memo: { a: json(1), b: json(2) } }, [memoUpsert({ a: nothing })])).toEqual({
        memo: { b: json(2) },
      });
    },
  );

  it('keeps empty values that are values', () => {
    const values = {
      a: payload('binary/plain', ''),
      b: json(''),
      c: json({}),
      d: payload('binary/null', 'x'),
    };
    expect(foldUpserts({}, [memoUpsert(values)])).toEqual({ memo: values });
  });

  it('keeps any name', () => {
    const { memo } = foldUpserts({}, [memoUpsert({ constructor: json(1) })]);
    expect(Object.keys(memo ?? {})).toEqual(['constructor']);
  });
});
