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
