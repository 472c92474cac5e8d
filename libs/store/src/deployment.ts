import { NamespaceAlreadyExistsError } from '@tidewheel/core';
import { DEFAULTS } from '@tidewheel/core';
import { randomUUID } from 'node:crypto';
import type { Redis } from './redis-connection.js';
import { Keyspace } from './keys.js';

/** A namespace: the unit of isolation and of retention. */
export interface Namespace {
  readonly name: string;
  /** UUID, the same for the life of the namespace. */
  readonly id: string;
  readonly description: string;
  /** How long closed executions are kept, in milliseconds. */
  readonly retentionMs: number;
  readonly createdMs: number;
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

  async update(namespace: Namespace): Promise<void> {
    await this.redis.hset(this.key, namespace.name, JSON.stringify(namespace));
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
