import { IllegalStateError } from '@tidewheel/common';
import type { Execution } from './execution.js';

/** The execution whose code is running. Its code runs to the end of an activation without interruption, so one is enough. */
let current: Execution | undefined;

/** Makes an execution the one whose code runs; `undefined` when none does. */
export function setCurrentExecution(execution: Execution | undefined): void {
  current = execution;
}

/** The execution whose code is running, if any. */
export function currentExecutionIfAny(): Execution | undefined {
  return current;
}

/**
 * The execution whose code is running.
 *
 * @param api what was called, for the message
 * @throws IllegalStateError when no workflow code is running
 */
export function currentExecution(api: string): Execution {
  if (!current) throw new IllegalStateError(`${api} can only be used inside of a workflow`);
  return current;
}

/**
 * The execution whose code is running, when it may change: query handlers may only read.
 *
 * @throws IllegalStateError when no workflow code is running, or a query handler is
 */
export function mutableExecution(api: string): Execution {
  const execution = currentExecution(api);
  if (execution.isAnsweringQuery) {
    throw new IllegalStateError(
      `${api} cannot be used in a query handler: queries must not change the workflow`,
    );
  }
  return execution;
}

/** Whether the calling code runs inside of a workflow. */
export function inWorkflowContext(): boolean {
  return current !== undefined;
}
