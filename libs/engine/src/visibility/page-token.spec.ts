import { InvalidArgumentError } from '@tidewheel/core';
import * as fc from 'fast-check';
import { formatPageToken, parsePageToken } from './page-token.js';

const position = fc.record({
  index: fc.constantFrom('running' as const, 'closed' as const),
  timeMs: fc.maxSafeNat(),
  runId: fc.option(fc.uuid(), { nil: undefined }),
});

describe('page tokens', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(position, (value) => {
        expect(parsePageToken(formatPageToken(value))).toEqual(value);
      }),
    );
  });

  it('are short', () => {
    const longest = { index: 'running', timeMs: Number.MAX_SAFE_INTEGER, runId: 'f'.repeat(36) } as const;
    expect(formatPageToken(longest).length).toBeLessThanOrEqual(200);
  });

  it('are a position or refused, whatever they say', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string().map((text) => Buffer.from(text).toString('base64url')),
      fc
        .stringMatching(/^[rc]\d{0,20}-?[0-9a-f-]{0,40}$/)
        .map((text) => Buffer.from(text).toString('base64url')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const { timeMs, runId } = parsePageToken(text);
          expect(Number.isSafeInteger(timeMs)).toBe(true);
          if (runId !== undefined) expect(runId).toHaveLength(36);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidArgumentError);
          expect(error).toMatchObject({ field: 'pageToken' });
        }
      }),
    );
  });

  it.each(['', 'x'.repeat(1_000_000), Buffer.from('r99999999999999999').toString('base64url')])(
    'refuse what is none of ours',
    (token) => {
      expect(() => parsePageToken(token)).toThrow(InvalidArgumentError);
    },
  );
});
