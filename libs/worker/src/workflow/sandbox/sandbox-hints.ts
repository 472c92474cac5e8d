import type { Failure } from '@tidewheel/core';

/** What Node.js or a browser has and the sandbox has not. */
const ABSENT_GLOBALS: ReadonlySet<string> = new Set([
  ...['process', 'require', 'Buffer', '__dirname', '__filename', 'window', 'document', 'self'],
  ...[
    'fetch',
    'XMLHttpRequest',
    'WebSocket',
    'EventSource',
    'Request',
    'Response',
    'Headers',
    'FormData',
    'Blob',
  ],
  ...[
    'setInterval',
    'clearInterval',
    'setImmediate',
    'clearImmediate',
    'performance',
    'navigator',
    'localStorage',
  ],
  ...['Atomics', 'SharedArrayBuffer', 'WebAssembly', 'Worker', 'MessageChannel', 'BroadcastChannel'],
  ...[
    'AbortController',
    'AbortSignal',
    'Event',
    'EventTarget',
    'ReadableStream',
    'WritableStream',
    'indexedDB',
  ],
]);

const NOT_DEFINED = /^(\w+) is not defined$/;
const EVAL_REFUSED = /^Code generation from strings disallowed/;
const FROZEN = /^Cannot (?:assign to read only property|add property|delete property|redefine property)/;

/** Explains an error that comes from the sandbox rather than from the code, in the failure's message. */
export function withSandboxHint(failure: Failure): Failure {
  const hint = hintFor(failure.message);
  return hint === undefined ? failure : { ...failure, message: `${failure.message}: ${hint}` };
}

function hintFor(message: string): string | undefined {
  const absent = NOT_DEFINED.exec(message)?.[1];
  if (absent !== undefined && ABSENT_GLOBALS.has(absent)) {
    return (
      `workflow code runs in a deterministic sandbox without Node.js, where "${absent}" does not exist; ` +
      'do this in an activity'
    );
  }
  if (EVAL_REFUSED.test(message)) return 'workflow code cannot use eval or new Function';
  if (FROZEN.test(message)) {
    return 'if this is a built-in object: they are frozen in workflow code, because executions share them';
  }
  return undefined;
}
