import { primariesOf } from './redis-nodes.js';
import type { Redis } from './redis-connection.js';
import { ScriptCommand } from './script-command.js';
import type { ScriptArgument } from './script.js';

interface Corkable {
  cork(): void;
  uncork(): void;
}

/**
 * Sends the script calls of one turn of the event loop in one write to each server. Holding calls back while a batch is
 * on its way would make larger batches, but was seen to cost a third of the throughput: both sides then wait for each
 * other.
 */
export class ScriptBatches {
  private waiting: ScriptCommand[] = [];
  private scheduled = false;

  constructor(private readonly redis: Redis) {}

  send(verb: 'EVALSHA' | 'EVAL', script: string, args: readonly ScriptArgument[]): Promise<unknown> {
    const command = new ScriptCommand(verb, script, args);
    this.waiting.push(command);
    if (!this.scheduled) {
      this.scheduled = true;
      setImmediate(() => this.flush());
    }
    return command.promise as Promise<unknown>;
  }

  private flush(): void {
    this.scheduled = false;
    const batch = this.waiting;
    this.waiting = [];
    const streams = primariesOf(this.redis).map((server) => (server as { stream?: Corkable }).stream);
    for (const stream of streams) stream?.cork();
    for (const command of batch) void this.redis.sendCommand(command);
    for (const stream of streams) stream?.uncork();
  }
}
