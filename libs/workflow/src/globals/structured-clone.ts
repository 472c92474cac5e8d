type TypedArrayConstructor = new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;

/** `structuredClone` of the workflow realm. Transferring is not possible: there is nowhere to transfer to. */
export function workflowStructuredClone(value: unknown, options?: { transfer?: unknown[] }): unknown {
  if (options?.transfer && options.transfer.length > 0) throw dataCloneError('nothing can be transferred');
  return clone(value, new Map());
}

function clone(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value === 'symbol' || typeof value === 'function') {
    throw dataCloneError(`a ${typeof value} could not be cloned`);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const copy = shallowCopy(value, seen);
  return copy;
}

function shallowCopy(value: object, seen: Map<object, unknown>): unknown {
  const remember = <T>(copy: T): T => {
    seen.set(value, copy);
    return copy;
  };
  if (Array.isArray(value)) {
    const copy: unknown[] = remember(new Array<unknown>(value.length));
    copyProperties(value, copy, seen);
    return copy;
  }
  if (value instanceof Date) return remember(new Date(value.getTime()));
  if (value instanceof RegExp) return remember(new RegExp(value.source, value.flags));
  if (value instanceof Map) {
    const copy = remember(new Map<unknown, unknown>());
    for (const [key, item] of [...value]) copy.set(clone(key, seen), clone(item, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = remember(new Set<unknown>());
    for (const item of [...value]) copy.add(clone(item, seen));
    return copy;
  }
  if (value instanceof ArrayBuffer) return remember(value.slice(0));
  if (ArrayBuffer.isView(value)) return remember(copyView(value, seen));
  if (value instanceof Error) return copyError(value, seen);
  if (
    value instanceof Boolean ||
    value instanceof Number ||
    value instanceof String ||
    value instanceof BigInt
  ) {
    return remember(Object(value.valueOf()) as object);
  }
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) {
    throw dataCloneError(`${Object.prototype.toString.call(value)} could not be cloned`);
  }
  const copy: object = remember({});
  copyProperties(value, copy, seen);
  return copy;
}

function copyProperties(from: object, to: object, seen: Map<object, unknown>): void {
  for (const [key, item] of Object.entries(from)) {
    Object.defineProperty(to, key, {
      value: clone(item, seen),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
}

function copyView(view: ArrayBufferView, seen: Map<object, unknown>): ArrayBufferView {
  const buffer = clone(view.buffer, seen) as ArrayBuffer;
  const { constructor } = Object.getPrototypeOf(view) as { constructor: TypedArrayConstructor };
  const length = 'length' in view ? (view.length as number) : view.byteLength;
  return new constructor(buffer, view.byteOffset, length);
}

const ERROR_CLASSES: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

function copyError(error: Error, seen: Map<object, unknown>): Error {
  const copy = new (ERROR_CLASSES[error.name] ?? Error)(error.message);
  seen.set(error, copy);
  if (error.stack !== undefined) copy.stack = error.stack;
  if ('cause' in error) copy.cause = clone(error.cause, seen);
  return copy;
}

function dataCloneError(message: string): Error {
  const error = new Error(message);
  error.name = 'DataCloneError';
  return error;
}
