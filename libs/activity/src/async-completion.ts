/**
 * Thrown out of an activity that somebody else will complete: by its task token, or by workflow and activity id. The
 * worker then reports nothing.
 */
export class CompleteAsyncError extends Error {
  override readonly name = 'CompleteAsyncError';
}
