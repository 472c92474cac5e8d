import { currentExecution } from '../execution/current-execution.js';

const MAX_RANDOM_BYTES = 65_536;

/** The part of `crypto` that workflow code may use: random values, the same in every replay, and so no secrets. */
export const workflowCrypto = {
  randomUUID(): string {
    return currentExecution('crypto.randomUUID()').random.uuid4();
  },

  getRandomValues<T extends ArrayBufferView>(array: T): T {
    if (array.byteLength > MAX_RANDOM_BYTES) {
      throw new RangeError(`getRandomValues gives at most ${MAX_RANDOM_BYTES} bytes at once`);
    }
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    currentExecution('crypto.getRandomValues()').random.fill(bytes);
    return array;
  },
};

/** `Math.random` of workflow code. */
export function workflowRandom(): number {
  return currentExecution('Math.random()').random.fraction();
}
