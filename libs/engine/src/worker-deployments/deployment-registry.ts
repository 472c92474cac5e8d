import { DEFAULTS, UnavailableError } from '@tidewheel/core';
import { changeDeployments, raiseRevision } from '@tidewheel/store';
import type { Keyspace, Redis, ScriptRunner } from '@tidewheel/store';
import { randomUUID } from 'node:crypto';
import type { Notices } from '../notices.js';
import { deploymentsSubject } from '../notices.js';
import { DeploymentView } from './deployment-view.js';

/** How often a change is tried anew because others changed something meanwhile. */
const MAX_ROUNDS = 50;

/** Fields of the stored hash and their new values; undefined removes one. */
export type DeploymentChanges = ReadonlyMap<string, object | undefined>;

interface Known {
  view: DeploymentView;
  readMs: number;
  reading: Promise<DeploymentView> | undefined;
  readonly watchers: Set<() => void>;
}

/**
 * The worker deployments of all namespaces, as this process knows them. What it knows may be up to ten seconds old, less
 * where it hears the notices; whatever must not happen by old knowledge is checked by the scripts, against the revision.
 */
export class DeploymentRegistry {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly redis: Redis,
    private readonly run: ScriptRunner,
    private readonly keys: Keyspace,
    private readonly notices: Notices,
  ) {}

  /** What is known at the moment; empty before it was read for the first time. Reads it anew when it has become old. */
  seen(namespace: string): DeploymentView {
    const known = this.ofNamespace(namespace);
    if (!isFresh(known)) this.read(namespace, known).catch(() => undefined);
    return known.view;
  }

  /** What is known, if it is not older than ten seconds; read anew otherwise. */
  async fresh(namespace: string): Promise<DeploymentView> {
    const known = this.ofNamespace(namespace);
    return isFresh(known) ? known.view : this.read(namespace, known);
  }

  /** What there is now. */
  async newest(namespace: string): Promise<DeploymentView> {
    const known = this.ofNamespace(namespace);
    // A reading under way may have begun before what the caller has heard of.
    await known.reading?.catch(() => undefined);
    known.readMs = 0;
    return this.read(namespace, known);
  }

  /**
   * Changes the deployments of a namespace by what they are, and resolves when every partition has heard of it.
   *
   * @param decide what to change, by the newest state and the revision that the change will have; it may throw
   */
  async change(
    namespace: string,
    decide: (view: DeploymentView, revision: number) => DeploymentChanges,
  ): Promise<DeploymentView> {
    const changeId = randomUUID();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const view = await this.newest(namespace);
      // The reply to this very change may have been lost, and the connection have sent it again.
      if (view.changeId === changeId) return this.announce(namespace, view);
      const changes = decide(view, view.revision + 1);
      if (changes.size === 0) return this.announce(namespace, view);
      const [code] = await changeDeployments(this.run, {
        deploymentsKey: this.keys.workerDeployments(namespace),
        revision: view.revision,
        changes: [...changes]
          .flatMap(([field, value]) => [field, value === undefined ? '' : JSON.stringify(value)])
          .concat('by', changeId),
      });
      if (code === 1) return this.announce(namespace, await this.newest(namespace));
    }
    throw new UnavailableError('worker deployments are being changed by many at once: try again');
  }

  /** Calls back whenever the deployments of a namespace have changed; returns how to end that. */
  watch(namespace: string, changed: () => void): () => void {
    const known = this.ofNamespace(namespace);
    known.watchers.add(changed);
    // Without notices, changes are found out about every now and then only.
    this.notices.start().catch(() => undefined);
    const timer = setInterval(() => void this.seen(namespace), DEFAULTS.deploymentsFreshMs).unref();
    return () => {
      clearInterval(timer);
      known.watchers.delete(changed);
    };
  }

  private async announce(namespace: string, view: DeploymentView): Promise<DeploymentView> {
    await Promise.all(
      Array.from({ length: this.keys.partitions }, (_, partition) =>
        raiseRevision(this.run, {
          revisionKey: this.keys.routingRevision(partition, namespace),
          notifyKey: this.keys.partition(partition).notify,
          newest: view.revision,
          namespace,
        }),
      ),
    );
    return view;
  }

  private ofNamespace(namespace: string): Known {
    let known = this.known.get(namespace);
    if (!known) {
      known = { view: DeploymentView.EMPTY, readMs: 0, reading: undefined, watchers: new Set() };
      this.known.set(namespace, known);
      this.notices.listen(deploymentsSubject(namespace), () => {
        this.newest(namespace).catch(() => undefined);
      });
    }
    return known;
  }

  private read(namespace: string, known: Known): Promise<DeploymentView> {
    known.reading ??= this.load(namespace, known).finally(() => (known.reading = undefined));
    return known.reading;
  }

  private async load(namespace: string, known: Known): Promise<DeploymentView> {
    const key = this.keys.workerDeployments(namespace);
    const readMs = Date.now();
    const revision = Number((await this.redis.hget(key, 'rev')) ?? 0);
    if (revision > known.view.revision) {
      const view = DeploymentView.parse(await this.redis.hgetall(key));
      if (view.revision > known.view.revision) {
        known.view = view;
        for (const changed of known.watchers) changed();
      }
    }
    known.readMs = readMs;
    return known.view;
  }
}

function isFresh(known: Known): boolean {
  return Date.now() - known.readMs < DEFAULTS.deploymentsFreshMs;
}
