/**
 * Prototypes whose properties code commonly overrides by assignment on objects that inherit from them, for example
 * `this.name = 'MyError'`. A frozen data property would forbid that, so theirs become accessors that define the
 * property on the object itself. `undefined`: all properties.
 *
 * Methods of arrays, promises, maps and sets are left out: V8 runs them on fast paths that accessors would end.
 */
function overridablePrototypes(): [object, PropertyKey[] | undefined][] {
  const errors = [
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    AggregateError,
  ];
  return [
    [Object.prototype, undefined],
    [Function.prototype, ['constructor', 'name', 'toString']],
    ...errors.map((error): [object, undefined] => [error.prototype as object, undefined]),
    [Array.prototype, ['toString']],
    [Date.prototype, ['constructor', 'toString', 'toJSON', 'valueOf']],
    [RegExp.prototype, ['constructor', 'toString']],
  ];
}

/** Intrinsics that no global leads to. */
function hiddenIntrinsics(): object[] {
  const makers: object[] = [
    async () => {
      await Promise.resolve();
    },
    function* () {
      yield undefined;
    },
    async function* () {
      yield Promise.resolve(undefined);
    },
  ];
  const iterators: object[] = [[].values(), new Map().values(), new Set().values(), ''.matchAll(/./g)];
  return [...makers, ...iterators, ''[Symbol.iterator]()].map(
    (value) => Object.getPrototypeOf(value) as object,
  );
}

/**
 * Freezes everything that executions share: every intrinsic, every global, and what `extraRoots` lead to. After it, code
 * of one execution cannot leave anything behind for another.
 */
export function harden(globalObject: object, extraRoots: readonly object[]): void {
  removeLegacyRegExpState();
  for (const [prototype, keys] of overridablePrototypes()) makeOverridable(prototype, keys);
  const seen = new Set<object>();
  // Modules have accessors, so their exports must be asked for.
  const exported = extraRoots.flatMap((root) => [root, ...(Object.values(root) as unknown[])]);
  const pending: unknown[] = [...hiddenIntrinsics(), ...exported, ...propertiesOf(globalObject)];
  while (pending.length > 0) {
    const value = pending.pop();
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
    if (seen.has(value) || value === globalObject) continue;
    seen.add(value);
    if (!ArrayBuffer.isView(value)) Object.freeze(value);
    pending.push(...propertiesOf(value), Object.getPrototypeOf(value));
  }
  Object.freeze(globalObject);
}

/**
 * Values and accessors of an object's own properties. `arguments` and `caller` of a function are what it is called with
 * at this moment, and so may belong to the host.
 */
function propertiesOf(value: object): unknown[] {
  const keys = Reflect.ownKeys(value);
  return (
    typeof value === 'function' ? keys.filter((key) => key !== 'arguments' && key !== 'caller') : keys
  ).flatMap((key) => Object.values(Object.getOwnPropertyDescriptor(value, key) ?? {}) as unknown[]);
}

function makeOverridable(prototype: object, keys: PropertyKey[] = Reflect.ownKeys(prototype)): void {
  for (const key of keys) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key);
    if (!descriptor?.configurable || !('value' in descriptor)) continue;
    const value: unknown = descriptor.value;
    Object.defineProperty(prototype, key, {
      enumerable: descriptor.enumerable ?? false,
      configurable: false,
      get: () => value,
      set(this: object, overriding: unknown) {
        if (this === prototype)
          throw new TypeError(`Cannot assign to "${String(key)}": intrinsics are frozen`);
        Object.defineProperty(this, key, {
          value: overriding,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      },
    });
  }
}

/** `RegExp.$1` and its kind show what the latest match was, whoever made it. */
function removeLegacyRegExpState(): void {
  for (const key of Reflect.ownKeys(RegExp)) {
    const descriptor = Object.getOwnPropertyDescriptor(RegExp, key);
    if (descriptor?.get && descriptor.configurable && key !== Symbol.species) {
      Reflect.deleteProperty(RegExp, key);
    }
  }
}
