import { judgeLostWorkers } from './lost-workers.js';
import type { LostWorker } from './lost-workers.js';

const ABSENT_MS = 12_000;
const NOW_MS = 1_000_000;
const REMEMBERED_MS = 500_000;
const lost = (worker: number, atMs: number): LostWorker => ({ worker, identity: `w${worker}`, atMs });
const gone = (one: LostWorker): LostWorker => ({ ...one, gone: true });

function judge(
  noted: readonly LostWorker[],
  last: LostWorker | undefined,
  seen: Record<number, number>,
  most = 3,
) {
  const lastSeenMs = (worker: number): number | undefined => seen[worker];
  return judgeLostWorkers({
    noted,
    last,
    lastSeenMs,
    nowMs: NOW_MS,
    absentMs: ABSENT_MS,
    rememberedMs: REMEMBERED_MS,
    most,
  });
}

describe('judgeLostWorkers', () => {
  const before = [lost(1, 900_000), lost(2, 950_000)] as const;
  const last = lost(3, 999_000);

  it('tries a task again while few workers are lost with it', () => {
    expect(judge([], last, {})).toEqual({ kind: 'retry', lost: [gone(last)] });
    const [, second] = before;
    expect(judge([second], last, { 3: 998_000 })).toEqual({ kind: 'retry', lost: [gone(second), last] });
  });

  it('quarantines it when too many have gone in a row', () => {
    const seen = { 1: 890_000, 2: 940_000, 3: 980_000 };
    expect(judge(before, last, seen)).toEqual({ kind: 'quarantine', lost: [...before, last].map(gone) });
    expect(judge(before, last, {})).toMatchObject({ kind: 'quarantine' });
  });

  it('waits while it is not known whether all have gone', () => {
    expect(judge(before, last, { 3: 998_000 })).toEqual({ kind: 'wait' });
    expect(judge(before, last, { 2: 949_999, 3: 998_000 })).toEqual({ kind: 'wait' });
  });

  it('counts one that was found to have gone after all trace of it is lost, and no other', () => {
    const ago = NOW_MS - REMEMBERED_MS - 1;
    expect(judge([gone(lost(1, ago)), before[1]], last, {})).toMatchObject({ kind: 'quarantine' });
    expect(judge([lost(1, ago), before[1]], last, {})).toMatchObject({
      kind: 'retry',
      lost: [{ worker: 2 }, { worker: 3 }],
    });
  });

  it('counts from anew after a worker that has lived on', () => {
    expect(judge(before, last, { 2: 951_000 })).toEqual({ kind: 'retry', lost: [gone(last)] });
    expect(judge(before, last, { 3: 999_500 })).toEqual({ kind: 'retry', lost: [] });
  });

  it('leaves it as it is when nobody knows who had it, and never quarantines when that is off', () => {
    expect(judge(before, undefined, {})).toEqual({ kind: 'retry', lost: before });
    expect(judge(before, last, {}, 0)).toEqual({ kind: 'retry', lost: before });
  });
});
