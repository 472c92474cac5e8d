import { toJson } from '@tidewheel/common';
import type { LogLevel } from '@tidewheel/common';
import { currentExecutionIfAny } from '../execution/current-execution.js';

/** `console` of workflow code: lines go where `log` goes, and are not repeated in a replay. */
export const workflowConsole = {
  log: writer('INFO'),
  info: writer('INFO'),
  debug: writer('DEBUG'),
  trace: writer('TRACE'),
  warn: writer('WARN'),
  error: writer('ERROR'),
  assert(condition?: unknown, ...values: unknown[]): void {
    if (!condition) writer('ERROR')('Assertion failed', ...values);
  },
};

function writer(level: LogLevel): (...values: unknown[]) => void {
  return (...values) => {
    currentExecutionIfAny()?.log(level, values.map(show).join(' '));
  };
}

function show(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.stack ?? `${value.name}: ${value.message}`;
  try {
    return toJson(value) ?? String(value);
  } catch {
    return String(value);
  }
}
