import { Command } from 'ioredis';
import type { ScriptArgument } from './script.js';

const SCRATCH_BYTES = 64 * 1024;
let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/**
 * A call of a script, laid out for the wire in one pass and one buffer. The general command of ioredis makes several
 * buffers per argument, which with the thirty arguments of a script costs more than all else on the way to Redis.
 */
export class ScriptCommand extends Command {
  constructor(
    private readonly verb: 'EVALSHA' | 'EVAL',
    /** The digest or the text. */
    private readonly script: string,
    /** The number of keys, the keys, the arguments. */
    private readonly parameters: readonly ScriptArgument[],
  ) {
    super(verb.toLowerCase(), [], { replyEncoding: null });
  }

  override getKeys(): (string | Buffer)[] {
    return this.parameters.slice(1, 1 + Number(this.parameters[0])) as (string | Buffer)[];
  }

  override toWritable(): Buffer {
    return encode(this.verb, this.script, this.parameters);
  }
}

function encode(verb: string, script: string, parameters: readonly ScriptArgument[]): Buffer {
  let position = 0;
  let text = `*${parameters.length + 2}\r\n$${verb.length}\r\n${verb}\r\n$${Buffer.byteLength(script)}\r\n${script}\r\n`;
  for (const parameter of parameters) {
    if (typeof parameter === 'object') {
      position = write(position, `${text}$${parameter.length}\r\n`);
      reserve(position, parameter.length + 2);
      position += parameter.copy(scratch, position);
      text = '\r\n';
    } else {
      const value = typeof parameter === 'number' ? String(parameter) : parameter;
      text += `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
    }
  }
  const end = write(position, text);
  const bytes = Buffer.from(scratch.subarray(0, end));
  if (scratch.length > SCRATCH_BYTES) scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  return bytes;
}

function write(position: number, text: string): number {
  reserve(position, text.length * 3);
  return position + scratch.write(text, position);
}

function reserve(position: number, bytes: number): void {
  if (position + bytes <= scratch.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, position + bytes));
  scratch.copy(larger, 0, 0, position);
  scratch = larger;
}
