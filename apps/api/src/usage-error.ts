/** Arguments that a command of the program cannot run with; the message says which, and what is allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
