import { info } from '@tidewheel/activity';
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** What an attempt of an activity wrote down, which outlives its process. */
export interface ActivityRecord {
  readonly what: 'begun' | 'ended';
  /** Names the process, unlike its number for good. */
  readonly process: string;
  readonly activityType: string;
  readonly taskQueue: string;
  readonly workflowId: string;
  readonly activityId: string;
  readonly attempt: number;
  /** When the engine scheduled the activity, and when it started the attempt, by Redis' clock. */
  readonly scheduledMs: number;
  readonly startedMs: number;
  readonly args: readonly unknown[];
}

type Activity = (...args: never[]) => Promise<unknown>;

const PROCESS = randomUUID();

/** The same activities, of which each attempt writes down that it begins and that it ends. */
export function recorded(
  activities: Readonly<Record<string, Activity>>,
  file: string,
): Record<string, Activity> {
  return Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      async (...args: never[]) => {
        const write = (what: ActivityRecord['what']): void =>
          appendFileSync(file, `${JSON.stringify(record(what, args))}\n`);
        write('begun');
        try {
          return await activity(...args);
        } finally {
          write('ended');
        }
      },
    ]),
  );
}

/** All that was written down, in this order. */
export async function readRecords(file: string): Promise<ActivityRecord[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ActivityRecord);
}

function record(what: ActivityRecord['what'], args: readonly unknown[]): ActivityRecord {
  const { activityType, taskQueue, workflowExecution, activityId, attempt, ...times } = info();
  return {
    what,
    process: PROCESS,
    activityType,
    taskQueue,
    workflowId: workflowExecution.workflowId,
    activityId,
    attempt,
    scheduledMs: times.scheduledTimestampMs,
    startedMs: times.startedTimestampMs,
    args,
  };
}
