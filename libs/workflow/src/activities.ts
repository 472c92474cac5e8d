import { defaultPayloadConverter, toPayloads } from '@tidewheel/common';
import type { UntypedActivities } from '@tidewheel/common';
import { compileActivityOptions } from './activity-options.js';
import type { ActivityOptions, CompiledActivityOptions } from './activity-options.js';
import { CancellationScope } from './cancellation-scope.js';
import { mutableExecution } from './execution/current-execution.js';
import { PendingActivity } from './execution/pending-activity.js';

/** The activities among the exports of a module, as a workflow calls them. */
export type ActivityInterfaceFor<A> = {
  [K in keyof A]: A[K] extends (...args: infer P) => infer R ? (...args: P) => Promise<Awaited<R>> : never;
};

/**
 * Functions that schedule activities by their names and wait for their results.
 *
 * Import the activities' types only, so that their code stays out of the workflow bundle. An activity that does not
 * succeed rejects with an {@link ActivityFailure} whose `cause` says why.
 *
 * @example
 * ```ts
 * import type * as activities from './activities.js';
 *
 * const { greet } = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute' });
 * const greeting = await greet('Ada');
 * ```
 */
export function proxyActivities<A = UntypedActivities>(options: ActivityOptions): ActivityInterfaceFor<A> {
  const compiled = compileActivityOptions(options);
  return new Proxy({} as ActivityInterfaceFor<A>, {
    get(_target, activityType) {
      // Awaiting or printing the proxy must not schedule anything.
      if (typeof activityType !== 'string' || activityType === 'then') return undefined;
      return (...args: unknown[]) => scheduleActivity(activityType, args, compiled);
    },
  });
}

/**
 * Schedules one activity by name and waits for its result.
 *
 * @example
 * ```ts
 * const total = await executeActivity('sum', { args: [1, 2], startToCloseTimeout: '10s' });
 * ```
 */
export function executeActivity<R = unknown>(
  activityType: string,
  options: ActivityOptions & { args?: unknown[] },
): Promise<R> {
  return scheduleActivity(activityType, options.args ?? [], compileActivityOptions(options)) as Promise<R>;
}

function scheduleActivity(
  activityType: string,
  args: readonly unknown[],
  options: CompiledActivityOptions,
): Promise<unknown> {
  const execution = mutableExecution('Scheduling an activity');
  const scope = CancellationScope.current();
  return new Promise((resolve, reject) => {
    if (scope.consideredCancelled && scope.cancellation) {
      reject(scope.cancellation);
      return;
    }
    const input = toPayloads(defaultPayloadConverter, args);
    const number = execution.nextActivityNumber++;
    const activityId = options.activityId ?? String(number);
    const settler = { resolve, reject };
    const activity = new PendingActivity(
      execution,
      scope,
      activityId,
      activityType,
      options.cancellationType,
      settler,
    );
    execution.addCommand(
      {
        commandType: 'ScheduleActivityTask',
        attributes: { activityId, activityType, ...options.attributes, ...(input && { input }) },
      },
      activity,
    );
  });
}
