import { toPayloads } from '@tidewheel/common';
import type { Workflow, WorkflowResultType } from '@tidewheel/common';
import type { ExecutionStatus } from '@tidewheel/core';
import type { StartWorkflowRequest, StartWorkflowResponse, WorkflowService } from '@tidewheel/engine';
import type { LoadedDataConverter } from './data-converter.js';
import type { WorkflowExecutionInfo } from './execution-info.js';
import type { QueryRejectCondition } from './policies.js';
import { startRequest, workflowTypeName } from './start-options.js';
import type { WorkflowSignalWithStartOptions, WorkflowStartOptions } from './start-options.js';
import { SignaledWorkflowHandle, StartedWorkflowHandle, WorkflowHandle } from './workflow-handle.js';
import type { WorkflowHandleParts } from './workflow-handle.js';
import { waitForResult } from './workflow-result.js';
import { listExecutions } from './workflow-list.js';
import type { ListOptions } from './workflow-list.js';

/** What a workflow client works with. */
interface WorkflowClientParts {
  readonly service: WorkflowService;
  readonly namespace: string;
  readonly identity: string | undefined;
  readonly converter: LoadedDataConverter;
  readonly queryRejectCondition: QueryRejectCondition | undefined;
}

/** How {@link WorkflowClient.getHandle} behaves. */
export interface GetHandleOptions {
  /** Whether `result` goes on with the next run when one continues as new. Default: true. */
  readonly followRuns?: boolean;
}

/** How many executions there are. */
export interface CountWorkflowExecution {
  readonly count: number;
  /** By what the query groups them; empty when it does not. */
  readonly groups: readonly { readonly groupValues: readonly [ExecutionStatus]; readonly count: number }[];
}

/** Starts workflows and finds those that were started. */
export class WorkflowClient {
  constructor(private readonly parts: WorkflowClientParts) {}

  /**
   * Starts a workflow, given by name or as its function. When it returns, the start is stored and cannot be lost.
   *
   * @throws WorkflowExecutionAlreadyStartedError, NamespaceNotFoundError, InvalidArgumentError
   */
  async start<W extends Workflow = Workflow>(
    workflowTypeOrFunction: string | W,
    options: WorkflowStartOptions<W>,
  ): Promise<StartedWorkflowHandle<W>> {
    const { runId } = await this.startRequested(workflowTypeOrFunction, options, false);
    return new StartedWorkflowHandle<W>(
      this.handleParts(options.workflowId, undefined, options.followRuns),
      runId,
    );
  }

  /**
   * Starts a workflow and waits for its result, at less cost than `start` and `result` one after the other.
   *
   * @throws what `start` and `result` throw
   */
  async execute<W extends Workflow = Workflow>(
    workflowTypeOrFunction: string | W,
    options: WorkflowStartOptions<W>,
  ): Promise<WorkflowResultType<W>> {
    const { service, namespace, converter } = this.parts;
    const { runId, outcome } = await this.startRequested(workflowTypeOrFunction, options, true);
    const address = { namespace, workflowId: options.workflowId, runId };
    const followRuns = options.followRuns ?? true;
    return (await waitForResult(service, address, followRuns, converter, outcome)) as WorkflowResultType<W>;
  }

  /**
   * Signals the id's running execution, or starts one that has the signal from its beginning: one or the other,
   * atomically. The conflict policy is USE_EXISTING by default and cannot be FAIL.
   *
   * @throws WorkflowExecutionAlreadyStartedError, BusyWorkflowError, LimitExceededError, NamespaceNotFoundError,
   * InvalidArgumentError
   */
  async signalWithStart<W extends Workflow = Workflow, SignalArgs extends unknown[] = []>(
    workflowTypeOrFunction: string | W,
    options: WorkflowSignalWithStartOptions<W, SignalArgs>,
  ): Promise<SignaledWorkflowHandle<W>> {
    const { service, converter } = this.parts;
    const { signal, signalArgs } = options;
    const { runId } = await service.signalWithStart({
      ...this.startRequestOf(workflowTypeOrFunction, options),
      signalName: typeof signal === 'string' ? signal : signal.name,
      signalInput: toPayloads(converter.payloadConverter, signalArgs ?? []),
    });
    const parts = this.handleParts(options.workflowId, undefined, options.followRuns);
    return new SignaledWorkflowHandle<W>(parts, runId);
  }

  /** A handle of an execution; without a run id, of whatever is its current run whenever the handle is used. */
  getHandle<W extends Workflow = Workflow>(
    workflowId: string,
    runId?: string,
    options: GetHandleOptions = {},
  ): WorkflowHandle<W> {
    return new WorkflowHandle<W>(this.handleParts(workflowId, runId, options.followRuns));
  }

  /** Iterates over executions: running ones by start time, then closed ones by close time, newest first. */
  list(options: ListOptions = {}): AsyncIterable<WorkflowExecutionInfo> {
    return listExecutions(this.parts.service, this.parts.namespace, options);
  }

  /**
   * Counts executions.
   *
   * @param query a list filter as of {@link ListOptions.query}; behind it, `GROUP BY ExecutionStatus`. Default: all
   */
  async count(query?: string): Promise<CountWorkflowExecution> {
    const { service, namespace } = this.parts;
    const { count, groups = [] } = await service.countWorkflows({ namespace, query });
    return {
      count,
      groups: groups.map(({ status, count: size }) => ({ groupValues: [status], count: size })),
    };
  }

  private startRequested<W extends Workflow>(
    workflowTypeOrFunction: string | W,
    options: WorkflowStartOptions<W>,
    wait: boolean,
  ): Promise<StartWorkflowResponse> {
    const request = this.startRequestOf(workflowTypeOrFunction, options);
    return this.parts.service.startWorkflow({ ...request, waitForResult: wait });
  }

  private startRequestOf<W extends Workflow>(
    workflowTypeOrFunction: string | W,
    options: WorkflowStartOptions<W>,
  ): StartWorkflowRequest {
    const { namespace, identity, converter } = this.parts;
    const { payloadConverter } = converter;
    const workflowType = workflowTypeName(workflowTypeOrFunction);
    return startRequest(options, { namespace, identity, workflowType, payloadConverter });
  }

  private handleParts(
    workflowId: string,
    runId: string | undefined,
    followRuns: boolean | undefined,
  ): WorkflowHandleParts {
    const { service, namespace, identity, converter, queryRejectCondition } = this.parts;
    const address = { namespace, workflowId, runId };
    const resultRunId = undefined;
    return {
      service,
      converter,
      identity,
      address,
      resultRunId,
      followRuns: followRuns ?? true,
      queryRejectCondition,
    };
  }
}
