import { queueOfRoute } from '@tidewheel/routing';

/** Where a workflow task stands. */
export type WorkflowTaskState = 'NONE' | 'SCHEDULED' | 'STARTED' | 'BACKING_OFF' | 'QUARANTINED';

/** Stored state of a run, as describing it needs it; times are milliseconds since the epoch, 0 for never. */
export interface ExecutionState {
  readonly runId: string;
  /** Number of the status; see EXECUTION_STATUS_CODES of core. */
  readonly statusCode: number;
  readonly workflowType: string;
  readonly taskQueue: string;
  /** The task queue with its place behind it: where its tasks go. */
  readonly route: string;
  readonly versioning?: StoredVersioning;
  readonly startTimeMs: number;
  /** 0 while it runs. */
  readonly closeTimeMs: number;
  readonly historyLength: number;
  readonly historySizeBytes: number;
  /** Payload maps as upserts have left them; absent when there never were any. */
  readonly memo?: Buffer;
  readonly searchAttributes?: Buffer;
  /** Only of a running one. */
  readonly running?: RunningState;
}

/** What is stored of the worker versions of a run; absent when none ever did a task of it. */
export interface StoredVersioning {
  /** Behaviour, deployment and build of its last completed workflow task, as stored; '' for an unversioned worker's. */
  readonly behavior: string;
  /** What overrides them, as stored; '' for nothing. */
  readonly override: string;
}

/** What only a running execution has. */
export interface RunningState {
  readonly sticky: string;
  readonly cancelRequested: boolean;
  readonly runExpiresMs: number;
  readonly executionExpiresMs: number;
  readonly workflowTaskTimeoutMs: number;
  readonly bufferedEvents: number;
  readonly workflowTask: {
    readonly state: WorkflowTaskState;
    readonly attempt: number;
    readonly scheduledMs: number;
    readonly startedMs: number;
    readonly onStickyQueue: boolean;
    /** Whether workers were lost with it. */
    readonly hasLostWorkers: boolean;
  };
}

/** The fields that {@link readExecutionState} needs, in the order in which it takes them. */
export const EXECUTION_STATE_FIELDS = [
  'r',
  's',
  'ty',
  'q',
  't0',
  'me',
  'sa',
  'e',
  'm',
  'w',
  'k',
  'vb',
  'vo',
] as const;

/** The fields that hold a run's memo and search attributes as they are now. */
export const RUN_PROPERTY_FIELDS = { memo: 'me', searchAttributes: 'sa' } as const;

/** The states by the numbers that are stored for them. */
export const WORKFLOW_TASK_STATES: readonly WorkflowTaskState[] = [
  'NONE',
  'SCHEDULED',
  'STARTED',
  'BACKING_OFF',
  'QUARANTINED',
];

/**
 * Reads the fields of a run's state; undefined when there is none. libs/store/src/lua/include/execution.lua and close.lua
 * write the same layout.
 */
export function readExecutionState(
  fields: readonly (Buffer | null | undefined)[],
): ExecutionState | undefined {
  const [runId, status, type, queue, startTime, memo, searchAttributes, closed, numbers, task, sticky] =
    fields;
  const [behavior, override] = fields.slice(11);
  if (!runId || !status) return undefined;
  const route = queue?.toString() ?? '';
  const common = {
    runId: runId.toString(),
    statusCode: Number(status),
    workflowType: type?.toString() ?? '',
    ...(memo?.length && { memo }),
    ...(searchAttributes?.length && { searchAttributes }),
    taskQueue: queueOfRoute(route),
    route,
    ...((behavior ?? override) && {
      versioning: { behavior: behavior?.toString() ?? '', override: override?.toString() ?? '' },
    }),
  };
  if (closed) {
    return {
      ...common,
      startTimeMs: closed.readUIntBE(0, 6),
      closeTimeMs: closed.readUIntBE(6, 6),
      historyLength: closed.readUIntBE(12, 3),
      historySizeBytes: closed.readUIntBE(15, 4),
    };
  }
  if (!numbers || !task) return undefined;
  return {
    ...common,
    startTimeMs: Number(startTime),
    closeTimeMs: 0,
    historyLength: numbers.readUIntBE(0, 3),
    historySizeBytes: numbers.readUIntBE(3, 4),
    running: {
      sticky: sticky?.toString() ?? '',
      bufferedEvents: numbers.readUIntBE(13, 2),
      runExpiresMs: numbers.readUIntBE(22, 6),
      executionExpiresMs: numbers.readUIntBE(28, 6),
      workflowTaskTimeoutMs: numbers.readUIntBE(34, 3),
      cancelRequested: numbers.readUInt8(43) === 1,
      workflowTask: {
        state: WORKFLOW_TASK_STATES[task.readUInt8(0)] ?? 'NONE',
        attempt: task.readUIntBE(7, 3),
        scheduledMs: task.readUIntBE(19, 6),
        startedMs: task.readUIntBE(25, 6),
        onStickyQueue: task.readUInt8(31) === 1,
        hasLostWorkers: task[38] === 1,
      },
    },
  };
}

/** Which process a workflow task was last started for (0: not known), and when its time is or was over. */
export function readTaskSilence(task: Buffer): { readonly worker: number; readonly atMs: number } {
  // An older build wrote no process.
  return { worker: task.length < 38 ? 0 : task.readUIntBE(32, 6), atMs: task.readUIntBE(13, 6) };
}
