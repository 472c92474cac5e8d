/** Limits that hold for every deployment, with the values that apply unless a namespace says otherwise. */
export const LIMITS = {
  /** Characters of a workflow id, request id, activity id, timer id, signal, query, type or task queue name. */
  idLength: 1_000,
  /** Characters of a namespace name. */
  namespaceLength: 255,
  /** Characters of the name of a worker deployment, and of a build id. */
  deploymentPartLength: 255,
  /** Worker deployments of a namespace, versions of one of them, task queues of one version. */
  deploymentsPerNamespace: 100,
  versionsPerDeployment: 100,
  taskQueuesPerVersion: 100,
  /** Bytes of one argument list, result, detail list or other value: 2 MiB. */
  payloadBytes: 2 * 1024 * 1024,
  /** Bytes from which a value draws a warning: 256 KiB. */
  payloadWarnBytes: 256 * 1024,
  /** Bytes of a whole memo: 2 MiB. */
  memoBytes: 2 * 1024 * 1024,
  /** Search attributes that may be registered in a namespace, and characters of the name of one. */
  searchAttributesPerNamespace: 200,
  searchAttributeNameLength: 255,
  /** Search attributes of one run, bytes of the value of one, and bytes of all with their names: 2 KiB and 40 KiB. */
  searchAttributesPerRun: 100,
  searchAttributeValueBytes: 2 * 1024,
  searchAttributesBytes: 40 * 1024,
  /** Bytes of the summary and of the details of user metadata. */
  summaryBytes: 400,
  detailsBytes: 20_000,
  /** Events of one run: warned from, suggested to continue as new from, failed at. */
  historyEventsWarn: 10_240,
  historyEventsSuggestContinueAsNew: 4_096,
  historyEvents: 51_200,
  /** Bytes of one run's history: warned from, suggested to continue as new from, failed at. */
  historyBytesWarn: 10 * 1024 * 1024,
  historyBytesSuggestContinueAsNew: 4 * 1024 * 1024,
  historyBytes: 50 * 1024 * 1024,
  /** Activities, child workflows, external signals or external cancel requests that may be pending at once. */
  pendingActivities: 2_000,
  pendingTimers: 10_000,
  pendingChildWorkflows: 2_000,
  pendingSignals: 2_000,
  pendingCancelRequests: 2_000,
  /** Workers that may be lost in a row with one task before it is quarantined, unless the deployment says otherwise. */
  lostWorkersPerTask: 5,
  /** Workflow types, and activity types, that a worker registers over REST. */
  registeredTypes: 1_000,
  /** Signals accepted by one run. */
  signalsPerExecution: 10_000,
  /** Events and bytes that may wait in the buffer while a workflow task is started. */
  bufferedEvents: 100,
  bufferedBytes: 2 * 1024 * 1024,
  /** Tasks a second from which a dispatch rate of a task queue limits nothing; what a queue without one is said to have. */
  unlimitedTasksPerSecond: 100_000,
  /** Most permits that a dispatch rate may let pile up. */
  dispatchBurst: 1_000_000,
  /** Characters of the reason for a dispatch rate. */
  reasonLength: 1_000,
  /** Bytes of what one worker says of itself, the names of its workflows and activities included: 256 KiB. */
  workerRecordBytes: 256 * 1024,
  /** Bytes of one request over gRPC, unpacked: 128 MiB, far above what anything in it may have. */
  grpcRequestBytes: 128 * 1024 * 1024,
} as const;

/** Time defaults of the engine, in milliseconds. */
export const DEFAULTS = {
  workflowTaskTimeoutMs: 10_000,
  workflowTaskTimeoutMaxMs: 120_000,
  /** How long one workflow task may be prolonged by forcing the next without deciding anything. */
  workflowTaskHeartbeatMs: 30 * 60_000,
  stickyScheduleToStartTimeoutMs: 10_000,
  retentionMs: 3 * 86_400_000,
  longPollMs: 20_000,
  /** How long a closed run remembers the request ids of what was sent to it. */
  requestIdsKeptMs: 10 * 60_000,
  /** How long a process may go on by a copy of a namespace's worker deployments; changes are heard of at once. */
  deploymentsFreshMs: 10_000,
  /** How long after its last new execution a version counts as draining at least: the longest workflow task. */
  versionDrainageGraceMs: 120_000,
  /** No poller seen for this long means a query cannot be answered. */
  queryPollerMs: 20_000,
  /** How long an attempt whose activity nobody has registered is offered to other workers before it fails. */
  unregisteredActivityMs: 60_000,
  /** How soon a task whose workflow or activity type a worker lacks is offered to others again. */
  unregisteredRetryMs: 1_000,
  /** How long a dispatch rate that a worker asked for holds after that worker has gone. */
  workerRateKeptMs: 60_000,
  /** How often a worker says what it does. */
  workerHeartbeatMs: 10_000,
  /** A worker that does nothing says so only every so many heartbeats. */
  workerIdleHeartbeats: 3,
  /** No worker says less often than this that it is there. */
  workerLongestSilenceMs: 60_000,
  /** How many heartbeats of a worker may fail to come before it counts as gone. */
  workerHeartbeatsMissed: 3,
  /** How often it is noted of workers that poll through a server that they do. */
  remoteWorkerNotedMs: 30_000,
  /** How long a worker that polls through a server counts as there after its last poll. */
  remoteWorkerKeptMs: 180_000,
  /** Slots that a worker is taken to have of a kind when none of a queue's workers says how many it has. */
  slotsPerWorker: 100,
} as const;
