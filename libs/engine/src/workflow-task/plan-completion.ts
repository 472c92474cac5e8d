import { planCommands } from '@tidewheel/core';
import type { Command, CommandFault, PayloadMap, PlannedCommand } from '@tidewheel/core';
import type { EngineContext } from '../engine-context.js';
import { searchAttributesJudge } from '../search-attributes/attribute-checks.js';
import { propertyChanges } from './run-properties.js';
import type { PropertyChange } from './run-properties.js';
import type { WorkflowTask } from './workflow-task.js';

/** What the commands of a workflow task become, or the first of them that is not sound. */
type CompletionPlan =
  | {
      readonly sound: true;
      readonly commands: readonly PlannedCommand[];
      readonly propertyChanges: readonly PropertyChange[];
    }
  | { readonly sound: false; readonly fault: CommandFault };

/** Checks the commands of a workflow task and plans their events; only commands that set something read anything. */
export async function planCompletion(
  context: EngineContext,
  task: WorkflowTask,
  commands: readonly Command[],
): Promise<CompletionPlan> {
  const { run, stamp, taskQueue } = task;
  const attributes = searchAttributesOf(commands);
  const plan = planCommands(commands, {
    namespace: run.namespace,
    workflowId: run.workflowId,
    runId: run.runId,
    taskQueue,
    runTimeoutMs: remainingRunMs(task),
    workflowTaskCompletedEventId: stamp.startedEventId + 1,
    ...(attributes.length > 0 && {
      searchAttributesFault: await searchAttributesJudge(context, run.namespace, attributes),
    }),
  });
  if (!plan.sound) return plan;
  const properties = await propertyChanges(context, run, plan.commands);
  return properties.sound ? { ...plan, propertyChanges: properties.changes } : properties;
}

function searchAttributesOf(commands: readonly Command[]): readonly PayloadMap[] {
  return commands
    .filter((command) => command.commandType === 'UpsertWorkflowSearchAttributes')
    .map(({ attributes }) => attributes.searchAttributes);
}

/** Milliseconds left until the run times out, 0 when it never does. */
function remainingRunMs(task: WorkflowTask): number {
  const expiries = [task.runExpiresMs, task.executionExpiresMs].filter((ms) => ms > 0);
  return expiries.length === 0 ? 0 : Math.max(1, Math.min(...expiries) - task.startedMs);
}
