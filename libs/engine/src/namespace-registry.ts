import { InvalidArgumentError, NamespaceNotFoundError, namespaceFault } from '@tidewheel/core';
import type { Namespace, NamespaceSpec, NamespaceStore } from '@tidewheel/store';

/** How long a namespace that was found is believed to be unchanged. */
const FRESH_MS = 10_000;

/** The namespaces of the deployment, remembered for a short time so that no request pays for looking them up. */
export class NamespaceRegistry {
  private readonly known = new Map<string, { readonly namespace: Namespace; readonly readMs: number }>();

  constructor(private readonly store: NamespaceStore) {}

  /**
   * @throws InvalidArgumentError when the name is none
   * @throws NamespaceNotFoundError
   */
  async require(name: string): Promise<Namespace> {
    const known = this.known.get(name);
    if (known && Date.now() - known.readMs < FRESH_MS) return known.namespace;
    return this.requireFresh(name);
  }

  /**
   * The namespace as it is now: for what must not be refused because of what is remembered of it.
   *
   * @throws InvalidArgumentError when the name is none
   * @throws NamespaceNotFoundError
   */
  async requireFresh(name: string): Promise<Namespace> {
    const fault = namespaceFault(name);
    if (fault) throw new InvalidArgumentError('namespace', fault);
    const namespace = await this.store.find(name);
    if (!namespace) {
      this.known.delete(name);
      throw new NamespaceNotFoundError(name);
    }
    this.known.set(name, { namespace, readMs: Date.now() });
    return namespace;
  }

  list(): Promise<Namespace[]> {
    return this.store.list();
  }

  /** @throws NamespaceAlreadyExistsError, InvalidArgumentError */
  create(spec: NamespaceSpec): Promise<Namespace> {
    const fault = namespaceFault(spec.name);
    if (fault) throw new InvalidArgumentError('name', fault);
    checkRetention(spec);
    return this.store.create(spec);
  }

  /** @throws NamespaceNotFoundError, InvalidArgumentError */
  async update(spec: NamespaceSpec): Promise<Namespace> {
    checkRetention(spec);
    return this.change(spec.name, (current) => ({
      ...current,
      ...(spec.description !== undefined && { description: spec.description }),
      ...(spec.retentionMs !== undefined && { retentionMs: spec.retentionMs }),
    }));
  }

  /**
   * Changes a namespace; changes that others make at the same time are kept. Other processes know of it within seconds.
   *
   * @throws NamespaceNotFoundError, and what `change` throws
   */
  async change(name: string, change: (current: Namespace) => Namespace): Promise<Namespace> {
    const fault = namespaceFault(name);
    if (fault) throw new InvalidArgumentError('namespace', fault);
    const namespace = await this.store.update(name, change);
    this.known.delete(name);
    if (!namespace) throw new NamespaceNotFoundError(name);
    return namespace;
  }
}

function checkRetention({ retentionMs }: NamespaceSpec): void {
  if (retentionMs !== undefined && !(retentionMs >= 1_000)) {
    throw new InvalidArgumentError('retention', 'must be at least 1 s');
  }
}
