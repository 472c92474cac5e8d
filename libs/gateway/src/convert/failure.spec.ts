import * as fc from 'fast-check';
import { api } from '../proto.js';
import type { P } from '../proto.js';
import { failure } from './arbitraries.fixture.js';
import { failureFromProto, failureToProto } from './failure.js';

const { Failure } = api.failure.v1;

describe('failures', () => {
  it('of every kind cross the wire unchanged', () => {
    fc.assert(
      fc.property(failure, (original) => {
        const bytes = Failure.encode(failureToProto(original)).finish();
        expect(failureFromProto(Failure.decode(bytes))).toEqual(withoutUndefined(original));
      }),
    );
  });

  it('keep what they can when the engine does not know their kind', () => {
    const nexus = { message: 'no', nexusHandlerFailureInfo: { type: 'x' }, cause: { message: 'why' } };
    expect(failureFromProto(nexus)).toEqual({ message: 'no', cause: { message: 'why' } });
  });

  it('lose causes that are too deep to be stored', () => {
    let chain: P.Failure = { message: 'first' };
    for (let i = 0; i < 1_000; i++) chain = { message: 'next', cause: chain };
    let depth = 0;
    for (let inner = failureFromProto(chain).cause; inner; inner = inner.cause) depth++;
    expect(depth).toBe(250);
  });
});

function withoutUndefined<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutUndefined) as T;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, withoutUndefined(inner)]),
  ) as T;
}
