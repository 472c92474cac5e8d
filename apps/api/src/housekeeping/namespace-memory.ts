import type { Engine } from '@tidewheel/engine';
import { parseRunMember, primaryOf } from '@tidewheel/store';
import type { Logger } from '@tidewheel/telemetry';

/** Estimated bytes of a namespace. */
interface NamespaceBytes {
  readonly running: number;
  readonly closed: number;
}

/** How often a turn is taken. */
const TURN_MS = 60_000;
/** Namespaces looked at in a turn; the others have theirs in the turns that follow. */
const NAMESPACES_A_TURN = 20;
/** Executions of one namespace that are weighed, of those that run and of those that are closed. */
const SAMPLES = 16;

/** An index of executions. */
interface Index {
  readonly key: string;
  /** Weighs the execution that an entry stands for. */
  readonly weigh: (member: string) => Promise<number>;
}

/**
 * Estimates how much memory each namespace takes, without going through it: it weighs a few executions by chance and
 * multiplies by how many there are. A turn of one namespace costs about 100 commands, whatever the namespace holds.
 */
export class NamespaceMemory {
  private readonly bytes = new Map<string, NamespaceBytes>();
  private next: NodeJS.Timeout | undefined;
  private stopped = false;
  private position = 0;

  constructor(
    private readonly engine: Pick<Engine, 'context' | 'listNamespaces'>,
    private readonly logger: Logger,
  ) {}

  /** What is known by now. */
  get byNamespace(): ReadonlyMap<string, NamespaceBytes> {
    return this.bytes;
  }

  /** Takes turns from now on. */
  start(): void {
    void this.turn()
      .catch((error: unknown) => {
        this.logger.debug({ err: error }, 'the memory of namespaces could not be estimated; trying again');
      })
      .finally(() => {
        if (!this.stopped) this.next = setTimeout(() => this.start(), TURN_MS).unref();
      });
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.next);
  }

  private async turn(): Promise<void> {
    const names = (await this.engine.listNamespaces()).map(({ name }) => name).sort();
    for (const known of this.bytes.keys()) if (!names.includes(known)) this.bytes.delete(known);
    if (this.position >= names.length) this.position = 0;
    const turn = names.slice(this.position, this.position + NAMESPACES_A_TURN);
    this.position += turn.length;
    for (const name of turn) {
      if (this.stopped) return;
      this.bytes.set(name, await this.weigh(name));
    }
  }

  private async weigh(namespace: string): Promise<NamespaceBytes> {
    const { keys } = this.engine.context;
    const samples = Math.max(1, Math.ceil(SAMPLES / keys.partitions));
    let running = 0;
    let closed = 0;
    for (let partition = 0; partition < keys.partitions; partition++) {
      const keysOf = (runMember: string) => {
        const { runId, workflowId } = parseRunMember(runMember);
        const { execution } = keys.executionAt(partition, namespace, workflowId);
        return { execution, ...keys.run(partition, workflowId, runId) };
      };
      const ofRunning = async (member: string): Promise<number> => {
        const { execution, history, buffer, details, requests } = keysOf(member);
        return this.sum([execution, history, buffer, details, requests]);
      };
      const ofClosed = async (member: string): Promise<number> => {
        const { execution, history, replaced } = keysOf(member);
        // A run whose id has a newer one has its state elsewhere; the execution's is that of the newer one.
        const state = (await this.usage(replaced)) || (await this.usage(execution));
        return state + (await this.usage(history));
      };
      running += await this.weighIndex(
        { key: keys.running(partition, namespace), weigh: ofRunning },
        samples,
      );
      closed += await this.weighIndex({ key: keys.closed(partition, namespace), weigh: ofClosed }, samples);
    }
    return { running, closed };
  }

  private async weighIndex({ key, weigh }: Index, samples: number): Promise<number> {
    const server = primaryOf(this.engine.context.redis, key);
    const [count, own, members] = await Promise.all([
      server.zcard(key),
      this.usage(key),
      server.zrandmember(key, samples),
    ]);
    const weights = await Promise.all(members.map(weigh));
    if (weights.length === 0) return own;
    const mean = weights.reduce((sum, bytes) => sum + bytes, 0) / weights.length;
    return Math.round(own + mean * count);
  }

  private async sum(keys: readonly string[]): Promise<number> {
    const each = await Promise.all(keys.map((key) => this.usage(key)));
    return each.reduce((total, bytes) => total + bytes, 0);
  }

  /** Bytes of a key, 0 when it is not there; of a big one Redis weighs a few elements itself. */
  private async usage(key: string): Promise<number> {
    const bytes = await primaryOf(this.engine.context.redis, key).call('MEMORY', 'USAGE', key);
    return Number(bytes ?? 0);
  }
}
