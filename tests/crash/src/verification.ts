import type { HistoryEvent } from '@tidewheel/core';
import type { Engine } from '@tidewheel/engine';
import { checkHistory } from '@tidewheel/history-checker';
import type { ApiClient } from './api-client.js';
import type { Scenario } from './scenario.js';
import { WORKFLOWS_PATH } from './scenario-run.js';
import type { ScenarioRun } from './scenario-run.js';

const NAMESPACE = 'default';

/** All events of a run, as they are stored. */
export async function readHistory(engine: Engine, workflowId: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  for (;;) {
    const page = await engine.getHistory({
      namespace: NAMESPACE,
      workflowId,
      fromEventId: events.length + 1,
    });
    events.push(...page.events);
    if (page.events.length === 0 || page.nextEventId === undefined) return events;
  }
}

/** Says what a closed run's history violates: the rules of all histories, and what the client knows of this one. */
export function historyViolations(run: ScenarioRun, events: readonly HistoryEvent[]): string[] {
  const { scenario, signals } = run;
  const found = checkHistory(events, { status: scenario.expected.status });
  const recorded = new Map<string, number>();
  for (const event of events) {
    if (event.eventType !== 'WorkflowExecutionSignaled') continue;
    const requestId = event.attributes.requestId ?? '';
    recorded.set(requestId, (recorded.get(requestId) ?? 0) + 1);
  }
  for (const { requestId, isAcknowledged } of signals) {
    const times = recorded.get(requestId) ?? 0;
    if (times > 1 || (isAcknowledged && times === 0)) {
      found.push(`signal ${requestId} is ${times} times in the history`);
    }
  }
  const sent = new Set(signals.map(({ requestId }) => requestId));
  for (const requestId of recorded.keys()) {
    if (!sent.has(requestId)) found.push(`signal ${requestId} was never sent`);
  }
  return found;
}

/**
 * Names workflow ids that have more than one run, and runs that are not in the partition that their start belonged to, by
 * what the size of the deployment was at that time; and partitions that a growth has brought, when all of them are empty.
 */
export async function placementViolations(engine: Engine): Promise<string[]> {
  const { keys, placement } = engine.context;
  const { sizes } = placement;
  const found: string[] = [];
  const runs = new Map<string, string>();
  const used = new Set<number>();
  let pageToken: string | undefined;
  do {
    const page = await engine.listWorkflows({ namespace: NAMESPACE, pageSize: 1_000, pageToken });
    for (const { execution, startTimeMs } of page.executions) {
      const { workflowId, runId } = execution;
      const other = runs.get(workflowId);
      if (other !== undefined) found.push(`${workflowId} has the runs ${other} and ${runId}`);
      runs.set(workflowId, runId);
      const size = sizes.findLast(({ fromMs }) => fromMs <= startTimeMs)?.partitions;
      const home = keys.execution(NAMESPACE, workflowId, size).partition;
      const { partition } = await placement.find(NAMESPACE, workflowId);
      if (partition !== home) found.push(`${workflowId} is in partition ${partition} instead of ${home}`);
      used.add(partition);
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  const first = sizes[0]?.partitions ?? 0;
  if (sizes.length > 1 && Math.max(...used) < first) found.push('the partitions of the growth are empty');
  return found;
}

/** Lets a closed run answer a query, for which its whole history is replayed. */
export async function replayViolations(
  api: ApiClient,
  { workflowId, expected }: Scenario,
): Promise<string[]> {
  const answer = await api.ask('POST', `${WORKFLOWS_PATH}/${workflowId}/query/stage`, {});
  const stage = expected.status === 'COMPLETED' ? 'done' : 'begun';
  if (answer.status === 200 && answer.body['result'] === stage) return [];
  return [`a query of the closed run was answered with ${answer.status} ${JSON.stringify(answer.body)}`];
}
