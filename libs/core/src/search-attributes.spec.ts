import { LIMITS } from './limits.js';
import type { PayloadMap } from './payload.js';
import {
  isSystemSearchAttribute,
  searchAttributeNameFault,
  searchAttributesSizeFault,
  settableSearchAttributeType,
} from './search-attributes.js';

describe('names of search attributes', () => {
  it.each(['City', '_x', 'order.kind', 'a-b_9', 'constructor', '__proto__'])('can be %s', (name) => {
    expect(searchAttributeNameFault(name)).toBeUndefined();
  });

  it.each([
    ['', 'must not be empty'],
    ['9lives', 'must start with a letter'],
    ['two words', 'must start with a letter'],
    ['TemporalMood', 'is reserved by system'],
    ['TemporalChangeVersion', 'is reserved by system'],
    ['BuildIds', 'is reserved by system'],
    ['WorkflowType', 'is reserved by system'],
    ['HistoryLength', 'is reserved by system'],
    ['x'.repeat(LIMITS.searchAttributeNameLength + 1), 'at most 255 characters'],
  ])('cannot be %s', (name, reason) => {
    expect(searchAttributeNameFault(name)).toContain(reason);
  });
});

describe('types of search attributes', () => {
  it('are those that are registered, and those that are known everywhere', () => {
    expect(settableSearchAttributeType({ City: 'Keyword' }, 'City')).toBe('Keyword');
    expect(settableSearchAttributeType(undefined, 'City')).toBeUndefined();
    expect(settableSearchAttributeType({}, 'constructor')).toBeUndefined();
    expect(settableSearchAttributeType(undefined, 'TemporalChangeVersion')).toBe('KeywordList');
  });

  it('are not those of what the engine keeps itself', () => {
    expect(isSystemSearchAttribute('StartTime')).toBe(true);
    expect(isSystemSearchAttribute('ParentWorkflowId')).toBe(true);
    expect(isSystemSearchAttribute('City')).toBe(false);
    expect(settableSearchAttributeType({}, 'StartTime')).toBeUndefined();
  });
});

describe('limits of search attributes', () => {
  const of = (count: number, bytes: number): PayloadMap =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`k${i}`, { metadata: {}, data: new Uint8Array(bytes) }]),
    );

  it('hold for their number, for each value and for all together', () => {
    expect(searchAttributesSizeFault(of(100, 10))).toBeUndefined();
    expect(searchAttributesSizeFault(of(101, 1))).toBe('number of search attributes 101 exceeds limit 100');
    expect(searchAttributesSizeFault(of(1, 2_048))).toBeUndefined();
    expect(searchAttributesSizeFault(of(1, 2_049))).toBe(
      'search attribute k0 value size 2049 exceeds size limit 2048',
    );
    expect(searchAttributesSizeFault(of(20, 2_048))).toMatch(/^total size .* exceeds size limit 40960$/);
  });
});
