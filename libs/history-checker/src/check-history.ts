import type { ExecutionStatus, HistoryEvent } from '@tidewheel/core';
import { ActivityRules } from './activity-rules.js';
import { checkFrame } from './frame-rules.js';
import { MessageRules } from './message-rules.js';
import { TimeRules } from './time-rules.js';
import { TimerRules } from './timer-rules.js';
import { Violations } from './violations.js';
import { WorkflowTaskRules } from './workflow-task-rules.js';

/** What is known of a history beside its events. */
export interface HistoryCheckOptions {
  /** What the engine says the run's status is: the history has to end accordingly. */
  readonly status?: ExecutionStatus | undefined;
}

/**
 * Says what a whole history violates of the rules that every history keeps, whatever the workflow does and whatever
 * died meanwhile; one sentence per violation, none for a sound history. It knows the published semantics and nothing of
 * the engine's storage or scripts.
 */
export function checkHistory(events: readonly HistoryEvent[], options: HistoryCheckOptions = {}): string[] {
  const violations = new Violations();
  checkFrame(events, options.status, violations);
  const tasks = new WorkflowTaskRules(violations);
  const activities = new ActivityRules(violations);
  const timers = new TimerRules(violations);
  const messages = new MessageRules(violations);
  const times = new TimeRules(violations);
  for (const event of events) {
    const context = tasks.visit(event);
    activities.visit(event, context);
    timers.visit(event, context);
    messages.visit(event);
    times.visit(event, context);
  }
  tasks.end();
  activities.end();
  timers.end();
  return violations.found;
}
