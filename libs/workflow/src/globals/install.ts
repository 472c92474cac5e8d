import { clearWorkflowTimeout, setWorkflowTimeout } from '../timers.js';
import { workflowConsole } from './console.js';
import { workflowCrypto, workflowRandom } from './crypto.js';
import { makeWorkflowDate, useWorkflowTimeInIntl } from './date.js';
import { workflowStructuredClone } from './structured-clone.js';
import { makeTextCoding } from './text-coding.js';
import type { HostTextCoding } from './text-coding.js';
import { makeUrls } from './url.js';
import type { HostUrls } from './url.js';
import { SilentFinalizationRegistry, StrongReference } from './weak-references.js';

/** What the globals of workflow code need of the host. */
export type HostGlobals = HostTextCoding & HostUrls;

/** Globals that would let executions block, or see what differs from replay to replay. */
const REMOVED_GLOBALS = ['Atomics', 'SharedArrayBuffer', 'WebAssembly', 'console'] as const;

/** Puts deterministic versions of what differs from replay to replay in the place of the realm's globals. */
export function installGlobals(globalObject: object, host: HostGlobals): void {
  for (const name of REMOVED_GLOBALS) Reflect.deleteProperty(globalObject, name);
  const workflowDate = makeWorkflowDate(Date);
  useWorkflowTimeInIntl(Intl);
  Math.random = workflowRandom;
  const globals: Readonly<Record<string, unknown>> = {
    Date: workflowDate,
    WeakRef: StrongReference,
    FinalizationRegistry: SilentFinalizationRegistry,
    setTimeout: setWorkflowTimeout,
    clearTimeout: clearWorkflowTimeout,
    queueMicrotask: (task: () => void) => void Promise.resolve().then(() => task()),
    structuredClone: workflowStructuredClone,
    crypto: workflowCrypto,
    console: workflowConsole,
    ...makeTextCoding(host),
    ...makeUrls(host),
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalObject, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: false,
    });
  }
}
