import type { Execution } from './execution.js';

/**
 * What the execution waits for, one line each: the answer to the query `__stack_trace`. Real stack traces would need
 * every promise to be followed, at a cost to every workflow.
 */
export function describeWaiting(execution: Execution): string {
  const { activities, timers, externalRequests, conditions } = execution;
  const lines = [
    ...[...activities.values()].map(
      (activity) => `activity ${activity.activityId} (${activity.activityType})`,
    ),
    ...[...timers.keys()].map((timerId) => `timer ${timerId}`),
    ...[...externalRequests.keys()].map((eventId) => `request to another execution, event ${eventId}`),
    ...(conditions.size > 0 ? [`${conditions.size} condition(s)`] : []),
  ];
  return lines.map((line) => `waiting for ${line}`).join('\n');
}
