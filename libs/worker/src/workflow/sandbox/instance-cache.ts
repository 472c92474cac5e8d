import type { WorkflowCacheLimits, WorkflowCacheStats } from '../activation-request.js';

interface Cached {
  readonly sizeBytes: number;
}

/** Keeps what was used latest, within a number and an estimated size. */
export class InstanceCache<T extends Cached> {
  /** In the order of use, latest last. */
  private readonly entries = new Map<string, T>();
  private cachedBytes = 0;
  private hits = 0;
  private misses = 0;
  private replays = 0;
  private evictions = 0;

  constructor(private readonly limits: WorkflowCacheLimits) {}

  /** Takes an entry out; whoever goes on using it puts it back. */
  take(runId: string): T | undefined {
    const entry = this.entries.get(runId);
    if (entry) this.delete(runId);
    return entry;
  }

  /** Puts an entry in as the latest used, and drops the least recently used ones beyond the limits. */
  put(runId: string, entry: T): void {
    this.delete(runId);
    this.entries.set(runId, entry);
    this.cachedBytes += entry.sizeBytes;
    const { maxCachedWorkflows, maxCachedBytes } = this.limits;
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= maxCachedWorkflows && this.cachedBytes <= maxCachedBytes) return;
      this.delete(oldest);
      this.evictions++;
    }
  }

  delete(runId: string): boolean {
    const entry = this.entries.get(runId);
    if (!entry) return false;
    this.cachedBytes -= entry.sizeBytes;
    return this.entries.delete(runId);
  }

  /** Notes whether an execution that was expected in the cache was there. */
  count(found: boolean): void {
    if (found) this.hits++;
    else this.misses++;
  }

  /** Notes that an execution was built anew from its history. */
  countReplay(): void {
    this.replays++;
  }

  get stats(): WorkflowCacheStats {
    const { cachedBytes, hits, misses, replays, evictions } = this;
    return { cachedWorkflows: this.entries.size, cachedBytes, hits, misses, replays, evictions };
  }
}
