import { fromFirstPayload, toPayloads } from '@tidewheel/common';
import type { QueryDefinition, SignalDefinition, Workflow, WorkflowResultType } from '@tidewheel/common';
import { QueryFailedError } from '@tidewheel/core';
import type { Failure, HistoryEvent } from '@tidewheel/core';
import type { ExecutionAddress, WorkflowService } from '@tidewheel/engine';
import { QueryRejectedError } from './client-errors.js';
import type { LoadedDataConverter } from './data-converter.js';
import { executionDescription } from './execution-info.js';
import type { WorkflowExecutionDescription } from './execution-info.js';
import type { QueryRejectCondition } from './policies.js';
import { waitForResult } from './workflow-result.js';

/** What a handle is made of. */
export interface WorkflowHandleParts {
  readonly service: WorkflowService;
  readonly converter: LoadedDataConverter;
  readonly identity: string | undefined;
  /** What signals, queries and the rest go to. */
  readonly address: ExecutionAddress;
  /** The run whose end `result` waits for; the current one of the address when left out. */
  readonly resultRunId: string | undefined;
  readonly followRuns: boolean;
  readonly queryRejectCondition: QueryRejectCondition | undefined;
}

/** One workflow execution, running or closed. */
export class WorkflowHandle<W extends Workflow = Workflow> {
  readonly workflowId: string;

  constructor(private readonly parts: WorkflowHandleParts) {
    this.workflowId = parts.address.workflowId;
  }

  /**
   * Waits for the end, as long as it takes.
   *
   * @throws WorkflowFailedError whose cause says how it ended otherwise
   * @throws WorkflowContinuedAsNewError when the handle does not follow runs
   * @throws WorkflowNotFoundError
   */
  async result(): Promise<WorkflowResultType<W>> {
    const { service, address, resultRunId, followRuns, converter } = this.parts;
    const run = { ...address, runId: resultRunId ?? address.runId };
    return (await waitForResult(service, run, followRuns, converter)) as WorkflowResultType<W>;
  }

  /** @throws WorkflowNotFoundError when it does not run, BusyWorkflowError, LimitExceededError */
  async signal<Args extends unknown[], Name extends string = string>(
    definition: SignalDefinition<Args, Name> | string,
    ...args: Args
  ): Promise<void> {
    const { service, address, converter, identity } = this.parts;
    const signalName = typeof definition === 'string' ? definition : definition.name;
    const input = toPayloads(converter.payloadConverter, args);
    await service.signalWorkflow({ ...address, signalName, input, identity });
  }

  /**
   * Asks it, running or closed, without changing it.
   *
   * @throws QueryFailedError, QueryRejectedError, WorkflowNotReadyError, NoPollerError, DeadlineExceededError
   */
  async query<Ret, Args extends unknown[] = []>(
    definition: QueryDefinition<Ret, Args> | string,
    ...args: Args
  ): Promise<Ret> {
    const { service, address, converter, queryRejectCondition: rejectCondition } = this.parts;
    const queryType = typeof definition === 'string' ? definition : definition.name;
    const queryArgs = toPayloads(converter.payloadConverter, args);
    try {
      const answer = await service.queryWorkflow({ ...address, queryType, queryArgs, rejectCondition });
      if (answer.rejected) throw new QueryRejectedError(answer.status);
      return fromFirstPayload(converter.payloadConverter, answer.result) as Ret;
    } catch (error) {
      throw this.withCauseAsError(error);
    }
  }

  /** Asks it to cancel itself; asking again, or a closed one, does nothing. */
  async cancel(reason?: string): Promise<void> {
    const { service, address, identity } = this.parts;
    await service.requestCancelWorkflow({ ...address, reason, identity });
  }

  /**
   * Ends it without asking it.
   *
   * @throws WorkflowNotFoundError when it does not run
   */
  async terminate(reason?: string, ...details: unknown[]): Promise<void> {
    const { service, address, identity, converter } = this.parts;
    const payloads = toPayloads(converter.payloadConverter, details);
    await service.terminateWorkflow({ ...address, reason, details: payloads, identity });
  }

  /**
   * Deletes it with its history, whatever state it is in; a running one is terminated first.
   *
   * @throws WorkflowNotFoundError
   */
  async delete(): Promise<void> {
    const { service, address } = this.parts;
    await service.deleteWorkflow(address);
  }

  /** @throws WorkflowNotFoundError */
  async describe(): Promise<WorkflowExecutionDescription> {
    const { service, address, converter } = this.parts;
    return executionDescription(await service.describeWorkflow(address), converter.payloadConverter);
  }

  /**
   * All events there are now, in order.
   *
   * @throws WorkflowNotFoundError
   */
  async fetchHistory(): Promise<{ readonly events: HistoryEvent[] }> {
    const { service, address } = this.parts;
    const events: HistoryEvent[] = [];
    let { runId } = address;
    for (;;) {
      const page = await service.getHistory({ ...address, runId, fromEventId: events.length + 1 });
      events.push(...page.events);
      if (page.events.length === 0 || page.nextEventId === undefined) return { events };
      runId = page.runId;
    }
  }

  /** Over the wire the reason of a failed query is data. */
  private withCauseAsError(error: unknown): unknown {
    if (!(error instanceof QueryFailedError) || error.cause === undefined || error.cause instanceof Error) {
      return error;
    }
    const { failureConverter, payloadConverter } = this.parts.converter;
    const cause = failureConverter.failureToError(error.cause as Failure, payloadConverter);
    return new QueryFailedError(error.message, { cause });
  }
}

/** The handle of an execution that was started by this client. */
export class StartedWorkflowHandle<W extends Workflow = Workflow> extends WorkflowHandle<W> {
  constructor(
    parts: WorkflowHandleParts,
    /** The run that was started, or that was running already under the conflict policy USE_EXISTING. */
    readonly firstExecutionRunId: string,
  ) {
    super({ ...parts, resultRunId: firstExecutionRunId });
  }
}

/** The handle of an execution that was signalled, and started for it if need be. */
export class SignaledWorkflowHandle<W extends Workflow = Workflow> extends WorkflowHandle<W> {
  constructor(
    parts: WorkflowHandleParts,
    /** The run that has the signal. */
    readonly signaledRunId: string,
  ) {
    super({ ...parts, resultRunId: signaledRunId });
  }
}
