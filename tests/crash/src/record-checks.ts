import type { ActivityRecord } from './activity-records.js';

/** The dispatch rate that a task queue has had all the time. */
interface RatedQueue {
  readonly taskQueue: string;
  readonly perSecond: number;
  readonly burst: number;
}

/** Names what ran more than once, of attempts that each may run once. */
export function attemptViolations(records: readonly ActivityRecord[]): string[] {
  const begun = new Map<string, number>();
  for (const { what, workflowId, activityId, attempt } of records) {
    if (what === 'ended') continue;
    const name = `attempt ${attempt} of activity ${activityId} of ${workflowId}`;
    begun.set(name, (begun.get(name) ?? 0) + 1);
  }
  return [...begun].filter(([, times]) => times > 1).map(([name, times]) => `${name} ran ${times} times`);
}

/**
 * Says when more attempts had been started than there were permits for. None are asked for before there is a task; then a
 * burst may be there, and only time brings more: what is lost with a process, or while Redis is away, makes them fewer.
 */
export function rateViolations(
  records: readonly ActivityRecord[],
  { taskQueue, perSecond, burst }: RatedQueue,
): string[] {
  const begun = records.filter((each) => each.what === 'begun' && each.taskQueue === taskQueue);
  if (begun.length === 0) return [`nothing ran on ${taskQueue}`];
  const firstMs = Math.min(...begun.map(({ scheduledMs }) => scheduledMs));
  const started = begun.map(({ startedMs }) => startedMs - firstMs).sort((a, b) => a - b);
  // Times are cut off to whole milliseconds.
  const permits = (ms: number): number => Math.floor(burst + ((ms + 1) / 1_000) * perSecond);
  const excess = started.findIndex((ms, index) => index + 1 > permits(ms));
  if (excess < 0) return [];
  const ms = started[excess] as number;
  return [
    `${excess + 1} tasks of ${taskQueue} had been started after ${ms} ms, for which there were ${permits(ms)} permits`,
  ];
}

/** A session's visits as one process saw them: numbers of records. */
interface Stay {
  readonly process: string;
  readonly from: number;
  to: number;
}

/** Names sessions that were on more than one host, and hosts that had more sessions at a time than they have room for. */
export function sessionViolations(records: readonly ActivityRecord[], room: number): string[] {
  const found: string[] = [];
  const stays = new Map<string, Stay>();
  const ends = new Map<string, number>();
  for (const [index, { what, activityType, process, args }] of records.entries()) {
    if (activityType !== 'visit') continue;
    const [sessionId, step] = args as [string, number];
    const stay = stays.get(sessionId);
    if (what === 'ended') ends.set(`${sessionId} ${step}`, index);
    else if (!stay) stays.set(sessionId, { process, from: index, to: index });
    else if (stay.process !== process) found.push(`session ${sessionId} was on more than one host`);
    // The next step was scheduled while the session was held; a host may have given up one whose last step it still does.
    else stay.to = Math.max(stay.to, ends.get(`${sessionId} ${step - 1}`) ?? 0);
  }
  if (stays.size === 0) found.push('there were no sessions');
  const all = [...stays.values()];
  for (const { process, from } of all) {
    const open = all.filter((each) => each.process === process && each.from <= from && from <= each.to);
    if (open.length > room) found.push(`process ${process} had ${open.length} sessions at a time`);
  }
  return found;
}
