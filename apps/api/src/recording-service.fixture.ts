import type { KindScaling, TaskQueueRates, WorkflowService } from '@tidewheel/engine';
import type { WorkerService } from './engine-gate.js';

const RUN_ID = '313216ae-f1bc-4dad-9b3a-480afdc10e93';
const NAMESPACE = { name: 'default', id: RUN_ID, description: '', retentionMs: 1_000, createdMs: 0 };
const INFO = {
  execution: { workflowId: 'w', runId: RUN_ID },
  workflowType: 'type',
  taskQueue: 'queue',
  status: 'RUNNING',
  startTimeMs: 0,
  historyLength: 2,
  historySizeBytes: 60,
} as const;
const RATES: TaskQueueRates = {
  queueRateLimit: undefined,
  effectiveRateLimit: { requestsPerSecond: 100_000, burst: undefined, source: 'SYSTEM' },
};
const VERSION = {
  deploymentName: 'd',
  buildId: '1',
  createdMs: 0,
  queues: [],
  status: 'CURRENT',
} as const;
const DEPLOYMENT = {
  deployment: {
    name: 'd',
    createdMs: 0,
    revision: 1,
    currentBuildId: '1',
    currentChangedMs: 1,
    rampingChangedMs: 0,
    percentageChangedMs: 0,
    lastModifierIdentity: '',
  },
  versions: [VERSION],
  conflictToken: 'MQ==',
};
const STATS = { backlog: 0, oldestMs: 0, pollers: [], registrationMismatches: [], rates: RATES };
/** The scaling of a kind of task of which there is nothing. */
export const SCALING: KindScaling = {
  backlog: 0,
  oldestMs: 0,
  inFlight: 0,
  pollers: 0,
  slots: 0,
  desired: 0,
  versions: [],
  registrationMismatches: 0,
};
const WORKER = {
  namespace: 'default',
  workerInstanceKey: 'worker-1',
  workerIdentity: '1@host',
  taskQueue: 'queue',
  hostInfo: { hostName: 'host', processId: '1' },
  sdkName: 'tidewheel-typescript',
  sdkVersion: '0.1.0',
  status: 'RUNNING',
  startTimeMs: 1,
  heartbeatTimeMs: 2,
  elapsedSinceLastHeartbeatMs: 1,
  timeLagMs: 0,
  kinds: {},
} as const;

/** Methods that change something. */
const CHANGES: readonly string[] = [
  'startWorkflow',
  'signalWithStart',
  'signalWorkflow',
  'requestCancelWorkflow',
  'terminateWorkflow',
  'updateTaskQueueConfig',
  'deleteWorkflow',
  'createNamespace',
  'updateNamespace',
  'addSearchAttributes',
  'removeSearchAttributes',
  'releaseQuarantinedTask',
  'register',
  'heartbeat',
  'completeActivity',
  'failActivity',
  'cancelActivity',
  'completeWorkflowTask',
  'failWorkflowTask',
  'completeQuery',
  'shutdown',
  'setWorkerDeploymentCurrentVersion',
  'setWorkerDeploymentRampingVersion',
  'deleteWorkerDeployment',
  'deleteWorkerDeploymentVersion',
  'updateWorkflowOptions',
];

/** One call of the service. */
interface RecordedCall {
  readonly method: string;
  readonly request: unknown;
}

/** A service that answers everything with something sound, and remembers what it was asked. */
export class RecordingService {
  readonly calls: RecordedCall[] = [];
  readonly service: WorkflowService;
  readonly workers: WorkerService;

  /** @param overrides methods that answer otherwise */
  constructor(overrides: Partial<WorkflowService> = {}) {
    const answers: WorkflowService = {
      startWorkflow: () => Promise.resolve({ runId: RUN_ID, started: true }),
      signalWithStart: () => Promise.resolve({ runId: RUN_ID, started: true }),
      signalWorkflow: () => Promise.resolve(),
      requestCancelWorkflow: () => Promise.resolve(),
      terminateWorkflow: () => Promise.resolve(),
      queryWorkflow: () => Promise.resolve({ rejected: false, result: [] }),
      describeWorkflow: () =>
        Promise.resolve({
          ...INFO,
          workflowTaskTimeoutMs: 10_000,
          cancelRequested: false,
          pendingActivities: [],
          pendingTimers: [],
        }),
      deleteWorkflow: () => Promise.resolve(),
      getHistory: () =>
        Promise.resolve({
          runId: RUN_ID,
          taskQueue: 'queue',
          events: [],
          nextEventId: 1,
          status: 'RUNNING',
        }),
      getResult: () => Promise.resolve({ runId: RUN_ID, status: 'RUNNING' }),
      listWorkflows: () => Promise.resolve({ executions: [INFO] }),
      countWorkflows: () => Promise.resolve({ count: 1 }),
      describeTaskQueue: (namespace, taskQueue) =>
        Promise.resolve({ namespace, taskQueue, workflow: STATS, activity: STATS }),
      updateTaskQueueConfig: () => Promise.resolve(RATES),
      listWorkerDeployments: () => Promise.resolve([DEPLOYMENT]),
      describeWorkerDeployment: () => Promise.resolve(DEPLOYMENT),
      describeWorkerDeploymentVersion: () =>
        Promise.resolve({ ...VERSION, pinnedExecutions: 0, rampPercentage: 0 }),
      setWorkerDeploymentCurrentVersion: () =>
        Promise.resolve({ conflictToken: 'MQ==', previousBuildId: '' }),
      setWorkerDeploymentRampingVersion: () => Promise.resolve({ conflictToken: 'MQ==' }),
      deleteWorkerDeployment: () => Promise.resolve(),
      deleteWorkerDeploymentVersion: () => Promise.resolve(),
      updateWorkflowOptions: () => Promise.resolve({}),
      scaleTaskQueue: (namespace, taskQueue) =>
        Promise.resolve({ namespace, taskQueue, desired: 0, workflow: SCALING, activity: SCALING }),
      scaleTaskQueues: () => Promise.resolve([]),
      listPolledTaskQueues: () => Promise.resolve([]),
      listWorkers: () => Promise.resolve({ workers: [WORKER] }),
      countWorkers: () => Promise.resolve(1),
      describeWorker: () => Promise.resolve(WORKER),
      countQuarantinedTasks: () => Promise.resolve(0),
      listQuarantinedTasks: () => Promise.resolve({ tasks: [] }),
      releaseQuarantinedTask: () => Promise.resolve(),
      createNamespace: () => Promise.resolve(NAMESPACE),
      updateNamespace: () => Promise.resolve(NAMESPACE),
      describeNamespace: () => Promise.resolve(NAMESPACE),
      listNamespaces: () => Promise.resolve([NAMESPACE]),
      listSearchAttributes: () => Promise.resolve({ custom: {}, system: {} }),
      addSearchAttributes: () => Promise.resolve(),
      removeSearchAttributes: () => Promise.resolve(),
      ...overrides,
    };
    this.service = this.recorded(answers);
    this.workers = this.recorded<WorkerService>({
      register: () => Promise.resolve({ workerToken: Buffer.from('r'), workerInstanceKey: RUN_ID }),
      pollActivityTask: () => Promise.resolve(undefined),
      pollWorkflowTask: () => Promise.resolve(undefined),
      heartbeat: () => Promise.resolve({ cancelRequested: false }),
      completeActivity: () => Promise.resolve(),
      failActivity: () => Promise.resolve({ retries: true }),
      cancelActivity: () => Promise.resolve(),
      completeWorkflowTask: () => Promise.resolve(),
      failWorkflowTask: () => Promise.resolve(),
      completeQuery: () => Promise.resolve(),
      shutdown: () => Promise.resolve(0),
    });
  }

  private recorded<Service extends object>(answers: Service): Service {
    return new Proxy(answers, {
      get: (target, name, receiver) => {
        const method: unknown = Reflect.get(target, name, receiver);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]): unknown => {
          this.calls.push({ method: String(name), request: args[0] });
          return Reflect.apply(method, target, args);
        };
      },
    });
  }

  /** Calls that would have changed something. */
  get changes(): readonly RecordedCall[] {
    return this.calls.filter(({ method }) => CHANGES.includes(method));
  }
}
