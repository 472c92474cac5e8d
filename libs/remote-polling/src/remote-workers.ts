import type { Logger } from '@tidewheel/common';
import {
  ActivityTaskNotFoundError,
  DEFAULTS,
  InvalidArgumentError,
  KindNotRegisteredError,
  LIMITS,
  QueryTaskNotFoundError,
  UnhandledCommandError,
  WorkflowTaskNotFoundError,
} from '@tidewheel/core';
import type { Command, Failure, Payloads, QueryAnswer, WorkflowTaskFailedCause } from '@tidewheel/core';
import {
  answerQuery,
  cancelActivity,
  completeActivity,
  completeWorkflowTask,
  failActivity,
  failWorkflowTask,
  forgetSeenWorkers,
  handBackUnregisteredActivity,
  heartbeatActivity,
  returnActivity,
  returnWorkflowTask,
} from '@tidewheel/engine';
import type {
  ActivityTask,
  Engine,
  EngineContext,
  HeartbeatResponse,
  QueryTask,
  WorkflowTask,
} from '@tidewheel/engine';
import { randomUUID } from 'node:crypto';
import type { PolledTask, PollerIdentity } from './poll.js';
import type { PolledQueue } from './polled-queue.js';
import {
  activityAttemptOf,
  activityTaskTokenOf,
  workflowTaskOf,
  workflowTaskTokenOf,
} from './reported-tasks.js';
import { returnTask } from './return-task.js';
import { sentWithQuery, sentWithTask } from './sent-history.js';
import type { SentHistory } from './sent-history.js';
import type { PollLimits, TaskHub } from './task-hub.js';
import {
  decodeActivityTaskToken,
  decodeQueryTaskToken,
  decodeWorkflowTaskToken,
  encodeQueryTaskToken,
  tokenKindOf,
} from './tokens.js';
import { decodeWorkerToken, encodeWorkerToken } from './worker-registration.js';
import type { WorkerFacts } from './worker-notes.js';
import type { WorkerRegistration } from './worker-registration.js';

/** Names a worker that was registered. */
interface WorkerAddress {
  readonly namespace: string;
  readonly workerToken: Uint8Array;
}

/** Names a task that was handed out. */
interface TaskAddress {
  readonly namespace: string;
  readonly taskToken: Uint8Array;
  /** Who reports. */
  readonly identity?: string | undefined;
}

/** A task that was handed to a poll. */
interface Handed {
  readonly taskToken: Uint8Array;
  /** Gives it back, when its worker turns out not to have got it. Never rejects. */
  giveBack(): Promise<void>;
}

/** An activity attempt that was handed to a poll. */
export interface HandedActivityTask extends Handed {
  readonly task: ActivityTask;
}

/** A workflow task, or a query that came by itself, that was handed to a poll. */
export type HandedWorkflowTask = Handed &
  (
    | { readonly kind: 'workflowTask'; readonly task: WorkflowTask; readonly sent: SentHistory }
    | {
        readonly kind: 'query';
        readonly task: QueryTask;
        readonly sent: Awaited<ReturnType<typeof sentWithQuery>>;
      }
  );

/** What a worker made of a workflow task. */
interface WorkflowTaskReport {
  readonly commands: readonly Command[];
  /** Answers to the queries that came with the task, by their ids. */
  readonly queryResults?: Readonly<Record<string, QueryAnswer>> | undefined;
}

/**
 * What workers without an SDK can do, in any language: they register, poll, and report by task token. A worker is not
 * remembered by any process: it shows its registration, and its task tokens hold what a report needs.
 */
export class RemoteWorkers {
  private readonly context: EngineContext;

  constructor(
    engine: Engine,
    private readonly hub: TaskHub,
    private readonly logger: Logger,
  ) {
    this.context = engine.context;
  }

  /**
   * Takes a worker's word for what it can do.
   *
   * @throws InvalidArgumentError when it can do nothing, NamespaceNotFoundError
   */
  async register(
    registration: Omit<WorkerRegistration, 'workerInstanceKey' | 'startTimeMs'>,
  ): Promise<{ readonly workerToken: Uint8Array; readonly workerInstanceKey: string }> {
    const { namespace, workflowTypes, activityTypes } = registration;
    if (workflowTypes.length + activityTypes.length === 0) {
      throw new InvalidArgumentError('activityTypes', 'name at least one activity type or workflow type');
    }
    for (const [field, types] of Object.entries({ workflowTypes, activityTypes })) {
      if (types.length > LIMITS.registeredTypes) {
        throw new InvalidArgumentError(field, `must be at most ${LIMITS.registeredTypes} types`);
      }
    }
    await this.context.namespaces.require(namespace);
    const workerInstanceKey = randomUUID();
    const worker = { ...registration, workerInstanceKey, startTimeMs: Date.now() };
    this.hub.noteWorker(
      queueOf(worker, activityTypes.length > 0 ? 'activity' : 'workflow'),
      pollerOf(worker),
    );
    return { workerToken: encodeWorkerToken(worker), workerInstanceKey };
  }

  /**
   * Waits for an activity task of the worker's queue; undefined when none came in time or the caller has gone. A task of
   * a type that the worker has not registered goes to another worker.
   *
   * @throws KindNotRegisteredError, InvalidArgumentError, NamespaceNotFoundError
   */
  async pollActivityTask(
    address: WorkerAddress,
    limits: PollLimits,
  ): Promise<HandedActivityTask | undefined> {
    const worker = await this.worker(address, 'activity');
    for (;;) {
      const handed = await this.hub.deliver(
        queueOf(worker, 'activity'),
        pollerOf(worker),
        limits,
        (polled) => {
          if (polled.kind !== 'activityTask') throw new TypeError('a workflow task on an activity queue');
          const { task } = polled;
          return Promise.resolve({ task, taskToken: activityTaskTokenOf(task), ...this.givingBack(polled) });
        },
      );
      if (!handed || worker.activityTypes.includes(handed.task.activityType)) return handed;
      await this.handBack(handed.task, worker);
    }
  }

  /**
   * Waits for a workflow task or a query of the worker's queue; undefined when none came in time or the caller has gone.
   * The answer holds the history from its first event. A task of a type that the worker has not registered fails in its
   * name, so that another worker gets it.
   *
   * @throws KindNotRegisteredError, InvalidArgumentError, NamespaceNotFoundError
   */
  async pollWorkflowTask(
    address: WorkerAddress,
    limits: PollLimits,
  ): Promise<HandedWorkflowTask | undefined> {
    const worker = await this.worker(address, 'workflow');
    for (;;) {
      const handed = await this.hub.deliver(queueOf(worker, 'workflow'), pollerOf(worker), limits, (polled) =>
        this.hand(polled),
      );
      if (!handed || worker.workflowTypes.includes(handed.sent.workflowType)) return handed;
      await this.refuse(handed, worker);
    }
  }

  /** @throws ActivityTaskNotFoundError when the attempt is no longer expected, InvalidArgumentError */
  async heartbeat(address: TaskAddress, details: Payloads): Promise<HeartbeatResponse> {
    const { identity } = reporterOf(address);
    return heartbeatActivity(this.context, this.attempt(address), details, identity);
  }

  /** @throws ActivityTaskNotFoundError when the attempt is no longer expected, InvalidArgumentError */
  async completeActivity(address: TaskAddress, result: Payloads): Promise<void> {
    await completeActivity(this.context, this.attempt(address), result, reporterOf(address));
  }

  /**
   * @returns whether another attempt follows
   * @throws ActivityTaskNotFoundError when the attempt is no longer expected, InvalidArgumentError
   */
  async failActivity(address: TaskAddress, failure: Failure): Promise<{ readonly retries: boolean }> {
    const { retries } = await failActivity(this.context, this.attempt(address), failure, reporterOf(address));
    return { retries };
  }

  /** @throws ActivityTaskNotFoundError when the attempt is no longer expected, InvalidArgumentError when nobody asked */
  async cancelActivity(address: TaskAddress, details: Payloads): Promise<void> {
    await cancelActivity(this.context, this.attempt(address), details, reporterOf(address));
  }

  /**
   * @throws WorkflowTaskNotFoundError when the task is no longer expected
   * @throws UnhandledCommandError when it would have closed the run unaware of new events
   * @throws InvalidArgumentError when a command is not sound: the task has failed
   */
  async completeWorkflowTask(address: TaskAddress, report: WorkflowTaskReport): Promise<void> {
    const task = workflowTaskOf(this.context, decodeWorkflowTaskToken(address.taskToken, address.namespace));
    const outcome = await completeWorkflowTask(this.context, task, {
      commands: report.commands,
      ...reporterOf(address),
    });
    switch (outcome.kind) {
      case 'notFound':
        throw new WorkflowTaskNotFoundError();
      case 'unhandledCommand':
        throw new UnhandledCommandError();
      case 'rejected':
        throw new InvalidArgumentError('commands', outcome.message);
      case 'completed':
        await Promise.all(
          Object.entries(report.queryResults ?? {}).map(([queryId, answer]) =>
            answerQuery(this.context, task.run.partition, queryId, answer),
          ),
        );
    }
  }

  /** @throws WorkflowTaskNotFoundError when the task is no longer expected, InvalidArgumentError */
  async failWorkflowTask(
    address: TaskAddress,
    cause: WorkflowTaskFailedCause,
    failure: Failure | undefined,
  ): Promise<void> {
    const token = decodeWorkflowTaskToken(address.taskToken, address.namespace);
    const { run, taskQueue, stamp } = workflowTaskOf(this.context, token);
    const report = { cause, failure, ...reporterOf(address) };
    if (!(await failWorkflowTask(this.context, run, taskQueue, stamp, report))) {
      throw new WorkflowTaskNotFoundError();
    }
  }

  /** @throws QueryTaskNotFoundError when nobody waits for it any more, InvalidArgumentError */
  async completeQuery({ namespace, taskToken }: TaskAddress, answer: QueryAnswer): Promise<void> {
    const { partition, queryId } = decodeQueryTaskToken(taskToken, namespace);
    if (!(await answerQuery(this.context, partition, queryId, answer))) throw new QueryTaskNotFoundError();
  }

  /**
   * A worker stops: its polls that wait in this process end, and the tasks that it has not begun go to others at once.
   *
   * @returns how many tasks were given back; those no longer expected are not
   * @throws InvalidArgumentError when a token is none: then nothing is given back
   */
  async shutdown(address: WorkerAddress, taskTokens: readonly Uint8Array[]): Promise<number> {
    const { namespace } = address;
    const worker = decodeWorkerToken(address.workerToken, namespace);
    const returns = taskTokens.map((token) => {
      if (tokenKindOf(token) === 'w') {
        const task = workflowTaskOf(this.context, decodeWorkflowTaskToken(token, namespace));
        return () => returnWorkflowTask(this.context, task.run, task.taskQueue, task.stamp);
      }
      const attempt = activityAttemptOf(this.context, decodeActivityTaskToken(token, namespace));
      return () => returnActivity(this.context, attempt);
    });
    this.hub.endPolls(namespace, worker.taskQueue, worker.workerInstanceKey);
    await this.context.namespaces.require(namespace);
    await forgetSeenWorkers(this.context, namespace, [worker.workerInstanceKey]);
    const returned = await Promise.all(returns.map((give) => give()));
    return returned.filter((was) => was).length;
  }

  private async worker(
    { namespace, workerToken }: WorkerAddress,
    kind: 'workflow' | 'activity',
  ): Promise<WorkerRegistration> {
    const worker = decodeWorkerToken(workerToken, namespace);
    await this.context.namespaces.require(namespace);
    const types = kind === 'workflow' ? worker.workflowTypes : worker.activityTypes;
    if (types.length === 0) throw new KindNotRegisteredError(worker.identity, kind);
    return worker;
  }

  private attempt({ namespace, taskToken }: TaskAddress) {
    return activityAttemptOf(this.context, decodeActivityTaskToken(taskToken, namespace));
  }

  private async hand(polled: PolledTask): Promise<HandedWorkflowTask> {
    const { context } = this;
    const giving = this.givingBack(polled);
    switch (polled.kind) {
      case 'activityTask':
        throw new TypeError('an activity task on a workflow queue');
      case 'query': {
        const { task } = polled;
        const { namespace, workflowId } = task.run;
        const taskToken = encodeQueryTaskToken({
          namespace,
          partition: task.run.partition,
          workflowId,
          queryId: task.query.queryId,
        });
        return { kind: 'query', task, sent: await sentWithQuery(context, task), taskToken, ...giving };
      }
      case 'workflowTask': {
        const { task } = polled;
        const sent = await sentWithTask(context, task);
        return { kind: 'workflowTask', task, sent, taskToken: workflowTaskTokenOf(task, sent), ...giving };
      }
    }
  }

  /** Gives back a task whose activity the worker that got it has not registered; fails it when nobody has it. */
  private async handBack(task: ActivityTask, worker: WorkerRegistration): Promise<void> {
    const { context } = this;
    const failure = unregistered('Activity', task.activityType, worker.activityTypes);
    try {
      const outcome = await handBackUnregisteredActivity(context, task, failure);
      if (outcome === 'cancelRequested') await cancelActivity(context, task, [], worker);
      if (outcome === 'patienceOver') await failActivity(context, task, failure, worker);
    } catch (error) {
      // It ended meanwhile: there is nothing left to hand back.
      if (!(error instanceof ActivityTaskNotFoundError)) throw error;
    }
  }

  /** Fails a task whose workflow type the worker that got it has not registered. */
  private async refuse(handed: HandedWorkflowTask, worker: WorkerRegistration): Promise<void> {
    const { context } = this;
    const failure = unregistered('Workflow', handed.sent.workflowType, worker.workflowTypes);
    if (handed.kind === 'query') {
      const { run, query } = handed.task;
      const answer = { answered: false, errorMessage: failure.message, failure } as const;
      await answerQuery(context, run.partition, query.queryId, answer);
      return;
    }
    const { run, taskQueue, stamp } = handed.task;
    await failWorkflowTask(context, run, taskQueue, stamp, {
      cause: 'WORKFLOW_WORKER_UNHANDLED_FAILURE',
      failure,
      identity: worker.identity,
      retryWithinMs: DEFAULTS.unregisteredRetryMs,
    });
  }

  private givingBack(polled: PolledTask): Pick<Handed, 'giveBack'> {
    return { giveBack: () => returnTask(this.context, polled, this.logger) };
  }
}

function queueOf({ namespace, taskQueue }: WorkerRegistration, kind: 'workflow' | 'activity'): PolledQueue {
  return { kind, namespace, name: taskQueue, normalName: taskQueue };
}

function pollerOf(worker: WorkerRegistration): PollerIdentity {
  const { identity, workerInstanceKey } = worker;
  return { identity, workerInstanceKey, facts: () => factsOf(worker) };
}

function factsOf(worker: WorkerRegistration): WorkerFacts {
  const { hostName, processId, sdkName, sdkVersion, startTimeMs, workflowTypes, activityTypes } = worker;
  return {
    transport: 'REST',
    hostName,
    processId,
    sdkName,
    sdkVersion,
    startTimeMs,
    types: {
      ...(workflowTypes.length > 0 && { workflow: workflowTypes }),
      ...(activityTypes.length > 0 && { activity: activityTypes }),
    },
  };
}

function reporterOf({ identity = '' }: TaskAddress): { readonly identity: string } {
  return { identity };
}

function unregistered(what: 'Activity' | 'Workflow', type: string, registered: readonly string[]): Failure {
  const message = `${what} type "${type}" is not registered on this worker; registered: ${registered.join(', ')}`;
  return {
    message,
    source: 'Server',
    info: { kind: 'application', type: 'NotFoundError', nonRetryable: false },
  };
}
