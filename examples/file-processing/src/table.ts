import { ApplicationFailure } from '@tidewheel/activity';
import { extname } from 'node:path';

/** A value of a table; null where there is none. */
export type Cell = number | string | null;

/** Rows under named columns. */
export interface Table {
  readonly columns: readonly string[];
  /** As many cells each as there are columns. */
  readonly rows: readonly (readonly Cell[])[];
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads a CSV file (RFC 4180, the first row names the columns) or a JSON file with a list of objects.
 *
 * @throws ApplicationFailure that is not tried again when the text is neither
 */
export function parseTable(text: string, name: string): Table {
  try {
    if (extname(name) === '.csv') return tableOfRecords(csvRecords(text));
    if (extname(name) === '.json') return tableOfObjects(JSON.parse(text));
  } catch (cause) {
    throw unreadable(`${name} cannot be read: ${String(cause)}`);
  }
  throw unreadable(`${name} is neither .csv nor .json`);
}

function unreadable(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'UnreadableFile');
}

function tableOfRecords([columns = [], ...records]: readonly (readonly string[])[]): Table {
  return { columns, rows: records.map((record) => columns.map((_, i) => cellOf(record[i] ?? ''))) };
}

function tableOfObjects(content: unknown): Table {
  if (!Array.isArray(content)) throw new Error('it holds no list');
  const objects = content as Record<string, unknown>[];
  const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  return { columns, rows: objects.map((object) => columns.map((column) => jsonCellOf(object[column]))) };
}

function cellOf(text: string): Cell {
  if (text === '') return null;
  return NUMBER.test(text) ? Number(text) : text;
}

function jsonCellOf(value: unknown): Cell {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' || typeof value === 'string') return value;
  return JSON.stringify(value);
}

/** Splits CSV into records of fields; quotes may enclose separators, line ends and doubled quotes. */
function csvRecords(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let field = '';
  let quoted = false;
  const endField = (): void => {
    record.push(field);
    field = '';
  };
  const endRecord = (): void => {
    endField();
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  };
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[i + 1] === '"') field += text.charAt(++i);
      else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ',') endField();
    else if (character === '\n') endRecord();
    else if (character !== '\r' || text[i + 1] !== '\n') field += character;
  }
  endRecord();
  return records;
}
