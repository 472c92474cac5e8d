import type { EngineContext } from '@tidewheel/engine';
import { pinnedRoute, sharedStreamName, streamsOfVersion } from '@tidewheel/routing';
import type { DeploymentVersion, SharedStream } from '@tidewheel/routing';
import type { TaskKind } from '@tidewheel/store';
import type { ChangingStreams, PolledStream } from './poller.js';

/** What workers of a version poll. */
interface VersionedQueue {
  readonly kind: TaskKind;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly version: DeploymentVersion;
}

/**
 * The streams of a task queue that workers of one version read: that of the executions pinned to it, and, as long as it is
 * current or ramping, those that it shares with the other versions.
 */
export class VersionStreams implements ChangingStreams {
  streams: readonly PolledStream[];
  private shared: ReadonlySet<string> = new Set();

  constructor(
    private readonly context: EngineContext,
    private readonly queue: VersionedQueue,
    /** Streams that are read whatever the versions. */
    private readonly others: readonly PolledStream[] = [],
  ) {
    this.streams = this.next();
  }

  /** Whether tasks of a stream may belong to other versions. */
  isShared(stream: PolledStream): boolean {
    return this.shared.has(stream.key);
  }

  next(): readonly PolledStream[] {
    const { kind, namespace, taskQueue, version } = this.queue;
    const routing = this.context.deployments.seen(namespace).routing(taskQueue, kind);
    const shared = streamsOfVersion(routing, version).flatMap((stream) => this.named(stream));
    this.shared = new Set([...this.shared, ...shared.map(({ key }) => key)]);
    return [...this.others, ...this.ofName(pinnedRoute(taskQueue, version)), ...shared];
  }

  use(streams: readonly PolledStream[]): void {
    this.streams = streams;
  }

  watch(changed: () => void): () => void {
    return this.context.deployments.watch(this.queue.namespace, changed);
  }

  private named(stream: SharedStream): PolledStream[] {
    return this.ofName(sharedStreamName(this.queue.taskQueue, stream));
  }

  private ofName(name: string): PolledStream[] {
    const { kind, namespace } = this.queue;
    const { keys } = this.context;
    return Array.from({ length: keys.partitions }, (_, partition) => ({
      partition,
      key: keys.taskStream(partition, kind, namespace, name),
    }));
  }
}
