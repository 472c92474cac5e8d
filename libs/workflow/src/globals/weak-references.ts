/** Holds its target for good: when memory is freed must not be visible to workflow code. */
export class StrongReference {
  readonly #target: object;

  constructor(target: object) {
    this.#target = target;
  }

  deref(): object {
    return this.#target;
  }
}

/** Never calls anybody back, for the same reason. */
export class SilentFinalizationRegistry {
  register(): void {
    return undefined;
  }

  unregister(): boolean {
    return false;
  }
}
