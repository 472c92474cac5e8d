import * as fc from 'fast-check';
import { api } from '../proto.js';
import { payloadMap, payloads } from './arbitraries.fixture.js';
import {
  headerToProto,
  payloadMapFromProto,
  payloadMapToProto,
  payloadsFromProto,
  payloadsToProto,
} from './payload.js';

const { Header, Payloads, Payload } = api.common.v1;

describe('payloads', () => {
  it('cross the wire byte for byte', () => {
    fc.assert(
      fc.property(payloads, (list) => {
        const bytes = Payloads.encode(payloadsToProto(list) ?? {}).finish();
        expect(payloadsFromProto(Payloads.decode(bytes))).toEqual(list);
      }),
    );
  });

  it('cross the wire by name', () => {
    fc.assert(
      fc.property(payloadMap, (map) => {
        const bytes = Header.encode({ fields: payloadMapToProto(map) }).finish();
        expect(payloadMapFromProto(Header.decode(bytes).fields)).toEqual(map);
      }),
    );
  });

  it('are nothing when they are absent', () => {
    expect(payloadsToProto(undefined)).toBeNull();
    expect(payloadsFromProto(undefined)).toEqual([]);
    expect(payloadMapFromProto({})).toBeUndefined();
    expect(payloadMapToProto(undefined)).toEqual({});
    expect(headerToProto(undefined)).toBeNull();
  });

  it('may have neither metadata nor data', () => {
    const empty = Payload.decode(new Uint8Array(0));
    const [payload] = payloadsFromProto({ payloads: [empty] });
    expect(Object.keys(payload?.metadata ?? { missing: true })).toEqual([]);
    expect(payload?.data).toHaveLength(0);
  });
});
