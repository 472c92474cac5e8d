import { makeLogger, toJson } from '@tidewheel/common';
import type { Logger } from '@tidewheel/common';
import { currentExecution } from './execution/current-execution.js';

/** The workflow's logger: entries reach the worker's logger once, not again in a replay. */
export const log: Logger = makeLogger((level, message, meta) => {
  currentExecution('log').log(level, message, meta && copyForHost(meta));
});

/** Attributes cross a thread boundary, so they are made plain here: what cannot be is shown as text. */
function copyForHost(meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, plainCopy(value)]));
}

function plainCopy(value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  try {
    const text = toJson(value);
    return text === undefined ? String(value) : JSON.parse(text);
  } catch {
    return String(value);
  }
}
