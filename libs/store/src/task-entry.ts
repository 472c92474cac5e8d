/** A workflow task as it stands on a stream: a pointer, no data. */
export interface WorkflowTaskEntry {
  readonly kind: 'workflowTask';
  readonly entryId: string;
  readonly scheduledEventId: number;
  readonly attempt: number;
  readonly runId: string;
  readonly member: string;
  /** How often it was handed out before, without being started. */
  readonly deliveries: number;
}

/** An activity task as it stands on a stream. */
export interface ActivityTaskEntry {
  readonly kind: 'activityTask';
  readonly entryId: string;
  readonly scheduledEventId: number;
  readonly attempt: number;
  readonly runId: string;
  readonly activityId: string;
  readonly member: string;
  readonly deliveries: number;
}

/** A query as it stands on a workflow task stream. */
export interface QueryEntry {
  readonly kind: 'query';
  readonly entryId: string;
  readonly queryId: string;
  readonly runId: string;
  readonly member: string;
  readonly deliveries: number;
}

export type TaskEntry = WorkflowTaskEntry | ActivityTaskEntry | QueryEntry;

/** An entry of a task stream as Redis replies it: its id, and its fields and values in turn. */
export type RawStreamEntry = readonly [id: string, fields: readonly string[] | null];

/** Reads an entry of a task stream; undefined when it was deleted or is of a kind this version does not know. */
export function parseTaskEntry([entryId, fields]: RawStreamEntry): TaskEntry | undefined {
  if (!fields) return undefined;
  let deliveries = 0;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = fields[i + 1] ?? '';
    switch (fields[i]) {
      case 'd':
        deliveries = Number(value);
        break;
      case 'w': {
        const [scheduledId = '', attempt = '', runId = '', member] = splitOnce(value, 3);
        return {
          kind: 'workflowTask',
          entryId,
          scheduledEventId: Number(scheduledId),
          attempt: Number(attempt),
          runId,
          member: member ?? '',
          deliveries,
        };
      }
      case 'a': {
        const [scheduledId = '', attempt = '', runId = '', idBytes = '', rest] = splitOnce(value, 4);
        const tail = Buffer.from(rest ?? '');
        return {
          kind: 'activityTask',
          entryId,
          scheduledEventId: Number(scheduledId),
          attempt: Number(attempt),
          runId,
          activityId: tail.toString('utf8', 0, Number(idBytes)),
          member: tail.toString('utf8', Number(idBytes)),
          deliveries,
        };
      }
      case 'q': {
        const [queryId = '', runId = '', member] = splitOnce(value, 2);
        return { kind: 'query', entryId, queryId, runId, member: member ?? '', deliveries };
      }
      default:
    }
  }
  return undefined;
}

/** The first `count` words and, as the last element, all that follows them. */
function splitOnce(text: string, count: number): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let i = 0; i < count; i++) {
    const space = text.indexOf(' ', from);
    if (space < 0) break;
    parts.push(text.slice(from, space));
    from = space + 1;
  }
  parts.push(text.slice(from));
  return parts;
}
