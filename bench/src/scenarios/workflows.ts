import { INPUT, runLoadRounds, TASK_QUEUE } from './load-rounds.js';
import type { LoadScenario } from './load-rounds.js';
import type { Scenario } from './scenario.js';

interface WorkflowScenarioOptions {
  readonly name: string;
  readonly item: string;
  readonly workflowType: string;
  readonly inFlight?: readonly number[];
  /** Timers are pumped by the API process. */
  readonly needsApi?: boolean;
}

/** Has the client start workflows of a type and wait for them. */
function executionsOf(workflowType: string, needsApi: boolean): LoadScenario {
  const load = { workflowType, taskQueue: TASK_QUEUE, input: INPUT };
  return {
    needsApi,
    load: (client, amount) => client.callWithin(amount.seconds * 1_000, 'execute', { ...load, ...amount }),
  };
}

/** The load of the workflow with one activity. */
export const ONE_ACTIVITY = executionsOf('oneActivity', false);

function workflowScenario(options: WorkflowScenarioOptions): Scenario {
  const { name, item, workflowType, inFlight = [200], needsApi = false } = options;
  const load = executionsOf(workflowType, needsApi);
  return { name, item, inFlight, run: (benchOptions, count) => runLoadRounds(load, benchOptions, count) };
}

/** Workflows that are started and waited for through the client. */
export const WORKFLOW_SCENARIOS: readonly Scenario[] = [
  workflowScenario({
    name: 'workflow-1-activity',
    item: 'a workflow that awaits one activity, 100 bytes in and out, from start to result',
    workflowType: 'oneActivity',
    inFlight: [200, 1],
  }),
  workflowScenario({
    name: 'workflow-10-activities',
    item: 'a workflow that awaits ten activities one after the other, 100 bytes in and out each',
    workflowType: 'tenActivities',
  }),
  workflowScenario({
    name: 'workflow-timer',
    item: 'a workflow that awaits a durable timer of 10 ms, which the API process fires',
    workflowType: 'oneTimer',
    needsApi: true,
  }),
];
