import { currentExecution } from './execution/current-execution.js';

/** A UUID of version 4 that is the same in every replay of the run. */
export function uuid4(): string {
  return currentExecution('uuid4()').random.uuid4();
}
