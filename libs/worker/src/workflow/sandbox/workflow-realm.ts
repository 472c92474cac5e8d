import { AsyncLocalStorage } from 'node:async_hooks';
import vm from 'node:vm';
import type { Failure, HistoryEventOf } from '@tidewheel/core';
import type * as common from '@tidewheel/common';
import type * as runtime from '@tidewheel/workflow/runtime';
import type {
  Activation,
  ActivationOutcome,
  AsyncContext,
  Execution,
  ExecutionIdentity,
  QueryAnswers,
  WorkflowQuery,
} from '@tidewheel/workflow/runtime';

/** What a realm is made of: code as text. */
export interface RealmCode {
  /** The SDK, which all executions share; see `bundleSdk`. */
  readonly sdk: string;
  /** The user's workflows, evaluated afresh for each execution. */
  readonly workflows: string;
}

/** Name of the user's code in stack traces. */
export const WORKFLOWS_FILENAME = 'workflow-bundle.js';
const SDK_FILENAME = 'tidewheel-sdk.js';

/** What evaluating the SDK's code gives; its classes and functions belong to the realm. */
interface SdkModules {
  readonly core: object;
  readonly common: typeof common;
  readonly workflow: object;
  readonly runtime: typeof runtime;
}

/**
 * A JavaScript realm in which workflow code runs: without Node.js, with frozen intrinsics and deterministic globals.
 * Promises settle when the realm lets them, so an activation runs to its end without giving up the thread.
 */
export class WorkflowRealm {
  private readonly context: vm.Context;
  private readonly sdk: SdkModules;
  private readonly instantiate: runtime.InstantiateBundle;
  /** Evaluating anything makes V8 run the promise jobs of the context. */
  private readonly settlePromises = new vm.Script('0');

  constructor(code: RealmCode) {
    this.context = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
      name: 'workflows',
      microtaskMode: 'afterEvaluate',
      codeGeneration: { strings: false, wasm: false },
    });
    const { sdk, factory } = this.compile(code);
    this.sdk = sdk;
    const sharedModules = {
      '@tidewheel/core': sdk.core,
      '@tidewheel/common': sdk.common,
      '@tidewheel/workflow': sdk.workflow,
    };
    const host = { ...HOST_GLOBALS, asyncContext: makeAsyncContext(), wallClockMs: () => Date.now() };
    sdk.runtime.prepareRealm(host, { ...sharedModules, runtime: sdk.runtime });
    this.instantiate = sdk.runtime.makeInstantiator(factory, sharedModules);
  }

  /**
   * The names of the workflows, found by evaluating the user's code once for nobody; undefined when it does not let itself
   * be evaluated without an execution.
   */
  workflowTypes(): readonly string[] | undefined {
    try {
      return this.sdk.runtime.workflowTypesOf(this.instantiate());
    } catch {
      return undefined;
    } finally {
      this.drain();
    }
  }

  createExecution(
    identity: ExecutionIdentity,
    started: HistoryEventOf<'WorkflowExecutionStarted'>,
  ): Execution {
    return this.sdk.runtime.createExecution(identity, started);
  }

  /** Runs one activation to its end: signals first, then everything else; after each, promises and conditions. */
  activate(execution: Execution, activation: Activation): ActivationOutcome {
    const { runtime } = this.sdk;
    runtime.beginActivation(execution, activation);
    try {
      const hadMessages = runtime.applyMessages(execution, activation, this.instantiate);
      if (hadMessages) this.settle(execution);
      if (runtime.applyOutcomes(execution, activation) || !hadMessages) this.settle(execution);
    } catch (error) {
      // No promise may be left for the execution that runs next.
      this.drain();
      throw error;
    } finally {
      runtime.leave(execution);
    }
    return execution.conclude();
  }

  /** Answers queries; the execution does not advance. */
  answer(execution: Execution, queries: readonly WorkflowQuery[]): QueryAnswers {
    const { runtime } = this.sdk;
    runtime.resume(execution);
    try {
      return execution.answer(queries, () => this.drain());
    } finally {
      runtime.leave(execution);
    }
  }

  /** A recorded failure of whatever workflow code threw. */
  toFailure(error: unknown): Failure {
    const { defaultFailureConverter, defaultPayloadConverter } = this.sdk.common;
    return defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);
  }

  private settle(execution: Execution): void {
    this.drain();
    while (execution.conditions.size > 0) {
      const changed = execution.checkConditions();
      // Also when nothing changed: a condition may have made promises, and none may be left for another execution.
      this.drain();
      if (!changed) return;
    }
  }

  private drain(): void {
    this.settlePromises.runInContext(this.context, RUN_OPTIONS);
  }

  private compile(code: RealmCode): { sdk: SdkModules; factory: runtime.BundleFactory } {
    const parsingContext = this.context;
    const evaluateSdk = vm.compileFunction(code.sdk, ['module', 'exports'], {
      parsingContext,
      filename: SDK_FILENAME,
    }) as (module: { exports: object }, exports: object) => void;
    const module = { exports: {} };
    evaluateSdk(module, module.exports);
    const parameters = ['exports', 'require', 'module', 'globalThis', 'global'];
    const factory = vm.compileFunction(code.workflows, parameters, {
      parsingContext,
      filename: WORKFLOWS_FILENAME,
    });
    return { sdk: module.exports as SdkModules, factory: factory as runtime.BundleFactory };
  }
}

const RUN_OPTIONS = { displayErrors: false };

const HOST_GLOBALS = {
  encodeUtf8: (text: string): Uint8Array => Buffer.from(text),
  decodeUtf8(bytes: Uint8Array, fatal: boolean, ignoreBOM: boolean): string {
    if (fatal || ignoreBOM || bytes[0] === 0xef)
      return new TextDecoder('utf-8', { fatal, ignoreBOM }).decode(bytes);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  },
  createUrl: (input: string, base: string | undefined) => new URL(input, base),
  createSearchParams: (init: string) => new URLSearchParams(init),
};

/** Node.js hooks into every promise of the thread while the storage is in use, hence the switching. */
function makeAsyncContext(): AsyncContext {
  const storage = new AsyncLocalStorage<unknown>();
  return {
    run: (value, fn) => storage.run(value, fn),
    get: () => storage.getStore(),
    resume: () => storage.enterWith(undefined),
    suspend: () => storage.disable(),
  };
}
