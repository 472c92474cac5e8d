import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What a configuration file holds. */
export interface ConfigurationFile {
  /** The texts of the settings, by key. */
  readonly values: ReadonlyMap<string, string>;
  /** The folder it is in: relative paths in it start there. */
  readonly folder: string;
  readonly faults: readonly string[];
}

/** Reads a file with one JSON object: text, numbers, true or false (for on or off), and lists of text. */
export function readConfigurationFile(path: string, keys: readonly string[]): ConfigurationFile {
  const values = new Map<string, string>();
  const faults: string[] = [];
  const folder = dirname(resolve(path));
  const content = parse(path);
  if (typeof content === 'string') return { values, folder, faults: [content] };
  for (const [key, value] of Object.entries(content)) {
    const text = textOf(value);
    if (!keys.includes(key)) {
      faults.push(`got the unknown key "${key}" in "${path}"; allowed are ${keys.join(', ')}`);
    } else if (text === undefined) {
      faults.push(
        `got ${kindOf(value)} for "${key}" in "${path}"; allowed is text, a number, true, false or a list of text without commas`,
      );
    } else {
      values.set(key, text);
    }
  }
  return { values, folder, faults };
}

/** The object in a file, or what is wrong with it. */
function parse(path: string): object | string {
  const allowed = 'allowed is the path of a readable file that holds one JSON object';
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
    return `got "${path}", which holds no object; ${allowed}`;
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).replaceAll('\n', ' ');
    // Node.js repeats what stands around the fault, which may be a password.
    const reason = message.replace(/, (\.\.\.)?".*"(\.\.\.)? (?=is not valid JSON$)/, ' ');
    return `got "${path}" (${reason}); ${allowed}`;
  }
}

/** What something is that is no text; it is not repeated, because a password may be in it. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : 'an object';
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (!Array.isArray(value)) return undefined;
  const items: unknown[] = value;
  const isList = items.every((item) => typeof item === 'string' && item !== '' && !item.includes(','));
  return isList ? items.join(',') : undefined;
}
