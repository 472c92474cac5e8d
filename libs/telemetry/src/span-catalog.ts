/** A kind of span as the catalogue tells it. */
export interface SpanDefinition {
  /** First part of the span's name; what it is about follows after a colon, for example the type of an activity. */
  readonly name: string;
  /** Whether it is the asking or the doing side. */
  readonly kind: 'client' | 'server';
  /** What comes after the colon. */
  readonly subject: string;
  /** When it begins and ends, and what it is a child of. */
  readonly description: string;
  /** What each attribute says. */
  readonly attributes: Readonly<Record<string, string>>;
}

const CALL_ATTRIBUTES = {
  'tidewheel.namespace': 'namespace',
  'tidewheel.workflow_id': 'id of the workflow execution',
};
const RUN_ATTRIBUTES = { ...CALL_ATTRIBUTES, 'tidewheel.run_id': 'id of the run' };
const ACTIVITY_ATTRIBUTES = {
  ...RUN_ATTRIBUTES,
  'tidewheel.activity_id': 'id of the activity within its run',
};
const TASK_QUEUE = { 'tidewheel.task_queue': 'task queue' };
/** Messages of errors are told nowhere: they may quote values of the application. */
const ERROR = { 'error.type': 'when it failed, class of the error or type of the failure' };

/** Every span that Tidewheel itself makes, under the names that Temporal's SDKs give them. */
export const SPANS = {
  startWorkflow: {
    name: 'StartWorkflow',
    kind: 'client',
    subject: 'workflow type',
    description: 'A call that starts a workflow. Its trace goes on in the run.',
    attributes: { ...CALL_ATTRIBUTES, ...ERROR },
  },
  signalWithStart: {
    name: 'SignalWithStartWorkflow',
    kind: 'client',
    subject: 'workflow type',
    description:
      'A call that signals a workflow and starts it if need be. Its trace goes on in the run and the signal.',
    attributes: { ...CALL_ATTRIBUTES, ...ERROR },
  },
  signalWorkflow: {
    name: 'SignalWorkflow',
    kind: 'client',
    subject: 'signal name',
    description: 'A call that signals a workflow, or a workflow that signals another one.',
    attributes: { ...RUN_ATTRIBUTES, ...ERROR },
  },
  queryWorkflow: {
    name: 'QueryWorkflow',
    kind: 'client',
    subject: 'query type',
    description: 'A call that queries a workflow, until the answer is there.',
    attributes: { ...CALL_ATTRIBUTES, ...ERROR },
  },
  runWorkflow: {
    name: 'RunWorkflow',
    kind: 'server',
    subject: 'workflow type',
    description: 'A run, from its first event until its own end is stored; child of what started it.',
    attributes: { ...RUN_ATTRIBUTES, ...TASK_QUEUE, ...ERROR },
  },
  startActivity: {
    name: 'StartActivity',
    kind: 'client',
    subject: 'activity type',
    description: 'A run schedules an activity; child of the run.',
    attributes: ACTIVITY_ATTRIBUTES,
  },
  runActivity: {
    name: 'RunActivity',
    kind: 'server',
    subject: 'activity type',
    description: 'One attempt of an activity, as long as its function runs; child of what scheduled it.',
    attributes: {
      ...ACTIVITY_ATTRIBUTES,
      'tidewheel.attempt': 'which attempt it is, from 1',
      ...TASK_QUEUE,
      ...ERROR,
    },
  },
  handleSignal: {
    name: 'HandleSignal',
    kind: 'server',
    subject: 'signal name',
    description:
      'From when a signal was stored until a workflow task with it was done; child of what sent it, with a link to the run.',
    attributes: RUN_ATTRIBUTES,
  },
} as const satisfies Readonly<Record<string, SpanDefinition>>;
