/** A value that cannot be converted: no converter takes it, or an option is not sound. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

/** A payload that no converter can read: its encoding is unknown or its bytes are not of that encoding. */
export class PayloadConverterError extends Error {
  override readonly name = 'PayloadConverterError';
}

/** An API was called where it cannot work, for example a workflow API outside of a workflow. */
export class IllegalStateError extends Error {
  override readonly name = 'IllegalStateError';
}
