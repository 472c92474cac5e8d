/**
 * The host's side of `@tidewheel/workflow`: for the worker, which evaluates it once per sandbox realm. Workflow code
 * cannot import it.
 *
 * @packageDocumentation
 */
import type { HistoryEventOf } from '@tidewheel/core';
import type { Activation, ExecutionIdentity } from './execution/activation.js';
import { asyncContext, setAsyncContext } from './execution/async-context.js';
import type { AsyncContext } from './execution/async-context.js';
import { setCurrentExecution } from './execution/current-execution.js';
import { Execution } from './execution/execution.js';
import { setWallClock } from './execution/wall-clock.js';
import { harden } from './globals/harden.js';
import { installGlobals } from './globals/install.js';
import type { HostGlobals } from './globals/install.js';

/** What the realm needs of its host. None of it becomes visible to workflow code. */
export interface RealmHost extends HostGlobals {
  readonly asyncContext: AsyncContext;
  wallClockMs(): number;
}

/** Evaluates a workflow bundle with modules of its own and gives its exports. */
export type InstantiateBundle = () => Readonly<Record<string, unknown>>;

/** A workflow bundle, compiled: a CommonJS module that sees the given objects as `globalThis` and `global`. */
export type BundleFactory = (
  exports: object,
  require: (name: string) => object,
  module: { exports: object },
  globalThis: object,
  global: object,
) => void;

/**
 * Makes a fresh realm a workflow realm: deterministic globals, and everything shared frozen.
 *
 * @param sharedModules what workflow code gets when it imports the SDK
 */
export function prepareRealm(host: RealmHost, sharedModules: Readonly<Record<string, object>>): void {
  setAsyncContext(host.asyncContext);
  setWallClock(() => host.wallClockMs());
  installGlobals(globalThis, host);
  harden(globalThis, Object.values(sharedModules));
}

/** How executions get modules of their own: what they leave on `globalThis` stays with them. */
export function makeInstantiator(
  factory: BundleFactory,
  sharedModules: Readonly<Record<string, object>>,
): InstantiateBundle {
  const require = (name: string): object => {
    const shared = sharedModules[name];
    if (!shared)
      throw new Error(`workflow code cannot load "${name}": it is not part of the workflow bundle`);
    return shared;
  };
  return () => {
    const own = Object.create(globalThis) as object;
    Object.defineProperty(own, 'globalThis', { value: own, writable: true, configurable: true });
    Object.defineProperty(own, 'global', { value: own, writable: true, configurable: true });
    const module = { exports: {} };
    factory(module.exports, require, module, own, own);
    return module.exports;
  };
}

/** An execution of which no code has run yet. */
export function createExecution(
  identity: ExecutionIdentity,
  started: HistoryEventOf<'WorkflowExecutionStarted'>,
): Execution {
  return new Execution(identity, started);
}

/** Makes the execution the current one. Until {@link leave}, all code that runs in the realm is its own. */
export function beginActivation(execution: Execution, activation: Activation): void {
  resume(execution);
  execution.begin(activation);
}

/** Makes the execution the current one for answering queries. */
export function resume(execution: Execution): void {
  setCurrentExecution(execution);
  if (execution.usesScopes) asyncContext().resume();
}

/** Starts the workflow if this is its first activation, and delivers signals. Says whether there was anything to do. */
export function applyMessages(
  execution: Execution,
  activation: Activation,
  instantiate: InstantiateBundle,
): boolean {
  let applied = false;
  if (execution.activationCount === 1) {
    startWorkflow(execution, instantiate);
    applied = true;
  }
  for (const event of activation.events) {
    if (event.eventType !== 'WorkflowExecutionSignaled') continue;
    execution.apply(event);
    applied = true;
  }
  return applied;
}

/** Delivers everything but signals. Says whether there was anything to do. */
export function applyOutcomes(execution: Execution, activation: Activation): boolean {
  let applied = false;
  for (const event of activation.events) {
    if (event.eventType === 'WorkflowExecutionSignaled') continue;
    execution.apply(event);
    applied = true;
  }
  return applied;
}

/** The counterpart of {@link resume} and {@link beginActivation}: no code of the execution runs after it. */
export function leave(execution: Execution): void {
  if (execution.usesScopes) asyncContext().suspend();
  setCurrentExecution(undefined);
}

function startWorkflow(execution: Execution, instantiate: InstantiateBundle): void {
  try {
    const { workflowType } = execution.started.attributes;
    const exports = instantiate();
    const workflow = Object.hasOwn(exports, workflowType) ? exports[workflowType] : exports['default'];
    if (typeof workflow !== 'function') throw new TypeError(unregisteredMessage(workflowType, exports));
    execution.start(workflow as (...args: unknown[]) => unknown);
  } catch (error) {
    execution.failTask(error);
  }
}

/** The names of the workflows among the exports of a bundle. */
export function workflowTypesOf(exports: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(exports).filter((name) => typeof exports[name] === 'function');
}

function unregisteredMessage(workflowType: string, exports: Readonly<Record<string, unknown>>): string {
  const names = workflowTypesOf(exports);
  const registered = names.length > 0 ? names.join(', ') : 'none';
  return `Workflow type "${workflowType}" is not registered on this worker; registered: ${registered}`;
}

export type { Execution } from './execution/execution.js';
export type { AsyncContext } from './execution/async-context.js';
export type {
  Activation,
  ActivationOutcome,
  ExecutionIdentity,
  MetricUpdate,
  QueryAnswers,
  WorkflowLogEntry,
  WorkflowQuery,
} from './execution/activation.js';
export { PATCH_DETAILS_KEY, PATCH_MARKER_NAME } from './patches.js';
