import { parseTaskEntry, quarantineActivity, quarantineWorkflowTask, WORKERS_GROUP } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import { runOfEntry } from '../workflow-task/start-workflow-tasks.js';
import { encodeNote, noteOfDeliveries } from './quarantine-note.js';
import { formatPlace } from './quarantine-place.js';
import { tellQuarantined } from './silent-tasks.js';

/** An entry of a task stream whose readers died before they started what it points to. */
interface KillingEntry {
  readonly entryId: string;
  /** Names of the readers, the last one last. */
  readonly readers: readonly string[];
  readonly deliveries: number;
  readonly fields: readonly string[];
}

/** Reads what takeOver.lua replies of them: five values each. */
export function killingEntries(flat: readonly (Buffer | number)[]): KillingEntry[] {
  const entries: KillingEntry[] = [];
  for (let i = 0; i + 4 < flat.length; i += 5) {
    const [entryId = '', readers = '', deliveries = '', field = '', value = ''] = flat
      .slice(i, i + 5)
      .map(String);
    entries.push({
      entryId,
      readers: readers
        .split('\n')
        .filter((name) => name !== '')
        .reverse(),
      deliveries: Number(deliveries),
      fields: [field, value],
    });
  }
  return entries;
}

/** Takes such an entry off its stream, and what it points to out of the way. A query is given up: whoever asked asks again. */
export async function quarantineEntry(
  context: EngineContext,
  partition: number,
  streamKey: string,
  { entryId, readers, deliveries, fields }: KillingEntry,
): Promise<void> {
  const entry = parseTaskEntry([entryId, fields]);
  if (entry?.kind !== 'workflowTask' && entry?.kind !== 'activityTask') {
    await context.redis.multi().xack(streamKey, WORKERS_GROUP, entryId).xdel(streamKey, entryId).exec();
    return;
  }
  const run = runOfEntry(context, partition, entry);
  const { timers, quarantined } = context.keys.partition(partition);
  const what = entry.kind === 'activityTask' ? 'activity task' : 'workflow task';
  const common = {
    executionKey: run.execution,
    detailsKey: run.details,
    quarantinedKey: quarantined,
    streamKey,
    runId: run.runId,
    scheduledId: entry.scheduledEventId,
    attempt: entry.attempt,
    group: WORKERS_GROUP,
    entryId,
    lost: encodeNote(noteOfDeliveries(what, deliveries, readers, Date.now())),
  };
  if (entry.kind === 'workflowTask') {
    const [code] = await quarantineWorkflowTask(context.run, { ...common, place: formatPlace(run) });
    if (code === 1) tellQuarantined(context, run, undefined);
    return;
  }
  const { activityId, scheduledEventId } = entry;
  const [code] = await quarantineActivity(context.run, {
    ...common,
    timersKey: timers,
    member: run.member,
    activityId,
    expect: 's',
    failure: '',
    place: formatPlace({ ...run, activity: { activityId, scheduledEventId } }),
  });
  if (code === 1) tellQuarantined(context, run, activityId);
}
