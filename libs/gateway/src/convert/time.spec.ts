import * as fc from 'fast-check';
import { toNumber, wellKnown } from '../proto.js';
import { durationMs, durationToProto, optionalTimestamp, timestampMs, timestampToProto } from './time.js';

const { Duration, Timestamp } = wellKnown.protobuf;

describe('durations', () => {
  it('cross the wire', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (ms) => {
        const bytes = Duration.encode(durationToProto(ms)).finish();
        expect(durationMs(Duration.decode(bytes))).toBe(ms);
      }),
    );
  });

  it('are zero when they are not set', () => {
    expect(durationMs(undefined)).toBe(0);
    expect(durationMs(null)).toBe(0);
    expect(durationMs({})).toBe(0);
    expect(durationToProto(undefined)).toEqual({ seconds: 0, nanos: 0 });
  });

  it('are never cut down to nothing', () => {
    expect(durationMs({ nanos: 1 })).toBe(1);
    expect(durationMs({ nanos: 1_000_001 })).toBe(2);
  });
});

describe('timestamps', () => {
  it('cross the wire', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (ms) => {
        const bytes = Timestamp.encode(timestampToProto(ms)).finish();
        const decoded = Timestamp.decode(bytes);
        expect(timestampMs(decoded)).toBe(ms);
        expect(toNumber(decoded.seconds)).toBe(Math.floor(ms / 1_000));
        expect(decoded.nanos).toBeLessThan(1_000_000_000);
      }),
    );
  });

  it('are nothing when they are not known', () => {
    expect(optionalTimestamp(undefined)).toBeNull();
    expect(optionalTimestamp(0)).toBeNull();
    expect(timestampMs(null)).toBeUndefined();
  });
});
