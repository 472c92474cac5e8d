import type { Command, Payload, Payloads } from '@tidewheel/core';
import { PayloadEncoding } from '@tidewheel/core';

/**
 * Commands as they travel from a workflow thread: a flat list of texts and numbers, which costs a third of cloning
 * objects with byte arrays. What is unusual about a command (other encodings, big payloads, failures) travels as it is.
 *
 * For each command: its type, its attributes as JSON without payloads, how many payloads there are, and each as text of
 * one byte per character; or `null` and the command.
 */
export type WireCommands = unknown[];

/** Bigger payloads are copied as bytes. */
const MAX_TEXT_BYTES = 65_536;
const JSON_METADATA: Payload['metadata'] = Object.freeze({ encoding: Buffer.from(PayloadEncoding.json) });
/** Attributes with payloads, of the commands that are given most. */
const PAYLOAD_ATTRIBUTES = { ScheduleActivityTask: 'input', CompleteWorkflowExecution: 'result' } as const;
type PayloadCommandType = keyof typeof PAYLOAD_ATTRIBUTES;
const PLAIN_COMMANDS: ReadonlySet<string> = new Set([
  'StartTimer',
  'CancelTimer',
  'RequestCancelActivityTask',
]);

/** Metadata objects that were found to say "JSON" and nothing else; converters use the same one again and again. */
let knownJsonMetadata: Payload['metadata'] | undefined;

/** Appends commands to a message. */
export function writeCommands(wire: WireCommands, commands: readonly Command[]): void {
  wire.push(commands.length);
  for (const command of commands) writeCommand(wire, command);
}

/** Reads back what {@link writeCommands} appended; `position` moves on. */
export function readCommands(wire: WireCommands, position: { index: number }): Command[] {
  const count = wire[position.index++] as number;
  return Array.from({ length: count }, () => readCommand(wire, position));
}

function writeCommand(wire: WireCommands, command: Command): void {
  const { commandType } = command;
  if (PLAIN_COMMANDS.has(commandType)) {
    wire.push(commandType, JSON.stringify(command.attributes), 0);
    return;
  }
  if (commandType in PAYLOAD_ATTRIBUTES) {
    const { [PAYLOAD_ATTRIBUTES[commandType as PayloadCommandType]]: payloads, ...rest } =
      command.attributes as Readonly<Record<string, unknown>>;
    const texts = rest['header'] === undefined ? textsOf((payloads ?? []) as Payloads) : undefined;
    if (texts) {
      wire.push(commandType, JSON.stringify(rest), texts.length, ...texts);
      return;
    }
  }
  wire.push(null, command);
}

function readCommand(wire: WireCommands, position: { index: number }): Command {
  const commandType = wire[position.index++] as Command['commandType'] | null;
  if (commandType === null) return wire[position.index++] as Command;
  const attributes = JSON.parse(wire[position.index++] as string) as Record<string, unknown>;
  const count = wire[position.index++] as number;
  if (count > 0) {
    attributes[PAYLOAD_ATTRIBUTES[commandType as PayloadCommandType]] = Array.from({ length: count }, () => ({
      metadata: JSON_METADATA,
      data: Buffer.from(wire[position.index++] as string, 'latin1'),
    }));
  }
  return { commandType, attributes } as unknown as Command;
}

function textsOf(payloads: Payloads): string[] | undefined {
  const texts: string[] = [];
  for (const { metadata, data } of payloads) {
    if (data.byteLength > MAX_TEXT_BYTES || !isJson(metadata)) return undefined;
    texts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1'));
  }
  return texts;
}

function isJson(metadata: Payload['metadata']): boolean {
  if (metadata === knownJsonMetadata) return true;
  const { encoding } = metadata;
  const isPlainJson =
    Object.keys(metadata).length === 1 &&
    encoding !== undefined &&
    Buffer.from(encoding).equals(JSON_ENCODING);
  if (isPlainJson && Object.isFrozen(metadata)) knownJsonMetadata = metadata;
  return isPlainJson;
}

const JSON_ENCODING = Buffer.from(PayloadEncoding.json);
