import { NamespaceAlreadyExistsError } from '@tidewheel/core';
import { DEFAULTS } from '@tidewheel/core';
import type { SearchAttributeTypes } from '@tidewheel/core';
import { randomUUID } from 'node:crypto';
import type { Redis } from './redis-connection.js';
import { Keyspace } from './keys.js';
import type { ScriptRunner } from './script.js';
import { growDeployment as growScript, readDeployment, replaceNamespace } from './scripts.generated.js';

/** A namespace: the unit of isolation and of retention. */
export interface Namespace {
  readonly name: string;
  /** UUID, the same for the life of the namespace. */
  readonly id: string;
  readonly description: string;
  /** How long closed executions are kept, in milliseconds. */
  readonly retentionMs: number;
  readonly createdMs: number;
  /** Types of the search attributes that were registered in it; absent when none ever was. */
  readonly searchAttributes?: SearchAttributeTypes;
}

/** A deployment that was created with another number of partitions than asked for. */
export class PartitionCountMismatchError extends Error {
  override readonly name = 'PartitionCountMismatchError';

  constructor(
    readonly stored: number,
    readonly asked: number,
  ) {
    super(
      `this deployment has ${stored} partitions, but ${asked} were asked for: leave the setting out or set it to ${stored}`,
    );
  }
}

/** The layout of stored data that this version reads and writes. */
const DATA_VERSION = 1;

/** A number of partitions that a deployment has had, and since when, in milliseconds of Redis' clock. */
export interface DeploymentSize {
  readonly partitions: number;
  readonly fromMs: number;
}

/** How a deployment has grown, as it was known at a time. */
export interface DeploymentSizes {
  /** All sizes, the first one since 0; the last one may lie in the future. */
  readonly sizes: readonly DeploymentSize[];
  /** When that was read, by Redis' clock. */
  readonly readMs: number;
}

/**
 * Opens the deployment that lives in a Redis, creating it when there is none, with a namespace `default`.
 *
 * @param partitions number of partitions to create it with (1 when left out); an existing one must have as many
 * @throws PartitionCountMismatchError
 */
export async function openDeployment(
  redis: Redis,
  options: { partitions?: number; prefix?: string } = {},
): Promise<Keyspace> {
  const keys = Keyspace.deployment(options.prefix);
  await redis.hsetnx(keys.meta, 'partitions', options.partitions ?? 1);
  const [partitions] = await Promise.all([
    redis.hget(keys.meta, 'partitions'),
    redis.hsetnx(keys.meta, 'version', DATA_VERSION),
    redis.hsetnx(keys.namespaces, 'default', JSON.stringify(newNamespace({ name: 'default' }))),
  ]);
  const stored = Number(partitions);
  if (options.partitions !== undefined && options.partitions !== stored) {
    throw new PartitionCountMismatchError(stored, options.partitions);
  }
  return new Keyspace(stored, options.prefix);
}

/** Reads how many partitions a deployment has had since when. */
export async function readDeploymentSizes(run: ScriptRunner, prefix?: string): Promise<DeploymentSizes> {
  const [sizes, readMs] = await readDeployment(run, { metaKey: Keyspace.deployment(prefix).meta });
  return { sizes: parseSizes(sizes.toString()), readMs };
}

/**
 * Gives a deployment more partitions, to be used from `delayMs` on.
 *
 * @returns what it has now; `refused` says why nothing was changed: it has as many already, or it is growing
 */
export async function growDeployment(
  run: ScriptRunner,
  growth: { readonly partitions: number; readonly delayMs: number; readonly prefix?: string },
): Promise<{ readonly sizes: readonly DeploymentSize[]; readonly refused?: 'large enough' | 'growing' }> {
  const [code, sizes] = await growScript(run, {
    metaKey: Keyspace.deployment(growth.prefix).meta,
    partitions: growth.partitions,
    delayMs: growth.delayMs,
  });
  return {
    sizes: parseSizes(sizes.toString()),
    ...(code === 0 && { refused: 'large enough' as const }),
    ...(code === 2 && { refused: 'growing' as const }),
  };
}

/** Sizes as they are stored: `1@0 4@1795000000000`. */
function parseSizes(text: string): DeploymentSize[] {
  return text.split(' ').map((size) => {
    const [partitions, fromMs] = size.split('@').map(Number);
    return { partitions: partitions ?? NaN, fromMs: fromMs ?? NaN };
  });
}

/** What a new namespace is given; the rest has defaults. */
export interface NamespaceSpec {
  readonly name: string;
  readonly description?: string;
  readonly retentionMs?: number;
}

/** The namespaces of a deployment. */
export class NamespaceStore {
  private readonly key: string;

  constructor(
    private readonly redis: Redis,
    private readonly run: ScriptRunner,
    prefix?: string,
  ) {
    this.key = Keyspace.deployment(prefix).namespaces;
  }

  async find(name: string): Promise<Namespace | undefined> {
    const text = await this.redis.hget(this.key, name);
    return text === null ? undefined : (JSON.parse(text) as Namespace);
  }

  /** All namespaces, by name. */
  async list(): Promise<Namespace[]> {
    const all = await this.redis.hvals(this.key);
    return all.map((text) => JSON.parse(text) as Namespace).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws NamespaceAlreadyExistsError */
  async create(spec: NamespaceSpec): Promise<Namespace> {
    const namespace = newNamespace(spec);
    const created = await this.redis.hsetnx(this.key, spec.name, JSON.stringify(namespace));
    if (created === 0) throw new NamespaceAlreadyExistsError(spec.name);
    return namespace;
  }

  /**
   * Changes a namespace; undefined when there is none of the name. Changes by several processes at once all count: `change`
   * is asked again with what another has made of it meanwhile. What it throws is thrown, and nothing changed.
   */
  async update(name: string, change: (current: Namespace) => Namespace): Promise<Namespace | undefined> {
    for (;;) {
      const read = await this.redis.hget(this.key, name);
      if (read === null) return undefined;
      const namespace = change(JSON.parse(read) as Namespace);
      const text = JSON.stringify(namespace);
      const [replaced] = await replaceNamespace(this.run, { namespacesKey: this.key, name, read, text });
      if (replaced === 1) return namespace;
    }
  }
}

function newNamespace(spec: NamespaceSpec): Namespace {
  return {
    name: spec.name,
    id: randomUUID(),
    description: spec.description ?? '',
    retentionMs: spec.retentionMs ?? DEFAULTS.retentionMs,
    createdMs: Date.now(),
  };
}
