/** States of a workflow execution, with the numbers that stand for them in storage and on Temporal's wire. */
export const EXECUTION_STATUS_CODES = {
  RUNNING: 1,
  COMPLETED: 2,
  FAILED: 3,
  CANCELED: 4,
  TERMINATED: 5,
  CONTINUED_AS_NEW: 6,
  TIMED_OUT: 7,
  PAUSED: 8,
} as const;

/** State of a workflow execution. All but RUNNING and PAUSED are closed for good. */
export type ExecutionStatus = keyof typeof EXECUTION_STATUS_CODES;

const STATUS_BY_CODE = new Map<number, ExecutionStatus>(
  Object.entries(EXECUTION_STATUS_CODES).map(([name, code]) => [code, name as ExecutionStatus]),
);

/** The status that a stored number stands for; undefined for a number that stands for none. */
export function executionStatusFromCode(code: number): ExecutionStatus | undefined {
  return STATUS_BY_CODE.get(code);
}

/** Whether no further event can follow. */
export function isClosedStatus(status: ExecutionStatus): boolean {
  return status !== 'RUNNING' && status !== 'PAUSED';
}
