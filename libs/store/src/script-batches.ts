import type { Redis } from 'ioredis';
import { ScriptCommand } from './script-command.js';
import type { ScriptArgument } from './script.js';

/** Batches on their way at once. */
const MAX_BATCHES_UNDER_WAY = 1;

interface Corkable {
  cork(): void;
  uncork(): void;
}

/**
 * Sends script calls in batches: what is called while a batch is on its way leaves with the next one, in one write. When
 * there is little to do every call leaves at once; the more there is, the larger the batches, and the fewer wake-ups of
 * Redis and of this process each call costs.
 */
export class ScriptBatches {
  private waiting: ScriptCommand[] = [];
  private underWay = 0;
  private scheduled = false;

  constructor(private readonly redis: Redis) {}

  send(verb: 'EVALSHA' | 'EVAL', script: string, args: readonly ScriptArgument[]): Promise<unknown> {
    const command = new ScriptCommand(verb, script, args);
    this.waiting.push(command);
    if (!this.scheduled && this.underWay < MAX_BATCHES_UNDER_WAY) {
      this.scheduled = true;
      // The rest of this turn of the event loop may have more to send.
      setImmediate(() => this.flush());
    }
    return command.promise as Promise<unknown>;
  }

  private readonly onBatchAnswered = (): void => {
    this.underWay--;
    if (this.waiting.length === 0 || this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.flush());
  };

  private flush(): void {
    this.scheduled = false;
    const batch = this.waiting;
    const last = batch.at(-1);
    if (!last) return;
    this.waiting = [];
    this.underWay++;
    const stream = (this.redis as unknown as { stream?: Corkable }).stream;
    stream?.cork();
    for (const command of batch) void this.redis.sendCommand(command);
    stream?.uncork();
    // Replies come in order: with the last one, all are there.
    last.promise.then(this.onBatchAnswered, this.onBatchAnswered);
  }
}
