import type { VersioningBehavior } from '@tidewheel/core';
import type { Workflow } from '@tidewheel/common';

/** What a workflow says about itself; more to come, hence an object. */
export interface WorkflowDefinitionOptions {
  /**
   * Whether an execution stays on the worker version that did its first workflow task (PINNED), or goes along with the
   * current version (AUTO_UPGRADE). Default: the worker's `defaultVersioningBehavior`.
   */
  readonly versioningBehavior?: VersioningBehavior;
}

type OptionsSource = WorkflowDefinitionOptions | (() => WorkflowDefinitionOptions);

const OPTIONS = Symbol('tidewheel.workflowOptions');

/**
 * Says something about a workflow to the workers that run it. Call it beside the workflow, in its module.
 *
 * @param options or a function that gives them, called when an execution begins on a worker
 *
 * @example
 * ```ts
 * setWorkflowOptions({ versioningBehavior: 'PINNED' }, checkout);
 * export async function checkout(): Promise<void> {}
 * ```
 */
export function setWorkflowOptions(options: OptionsSource, workflow: Workflow): void {
  Object.defineProperty(workflow, OPTIONS, { value: options, configurable: true });
}

/** What was said about a workflow; nothing when nothing was. */
export function workflowOptionsOf(workflow: (...args: unknown[]) => unknown): WorkflowDefinitionOptions {
  const source = (workflow as { [OPTIONS]?: OptionsSource })[OPTIONS] ?? {};
  return typeof source === 'function' ? source() : source;
}
