import type { PendingActivityInfo } from '@tidewheel/engine';
import { toTimestamp } from '@tidewheel/protocol';
import type { RouteAnswer, ROUTES } from '@tidewheel/protocol';
import type { Handlers } from '../http/mount.js';

type QuarantineInfo = NonNullable<PendingActivityInfo['quarantine']>;
type QuarantineJson = Pick<
  RouteAnswer<typeof ROUTES.listQuarantinedTasks>['tasks'][number],
  'reason' | 'count' | 'time' | 'lastWorkers'
>;

/** Answers everything about quarantined tasks. */
export const quarantineHandlers: Pick<
  Handlers,
  'listQuarantinedTasks' | 'releaseActivity' | 'releaseWorkflowTask'
> = {
  async listQuarantinedTasks({ params, query }, { ask }) {
    const { tasks, nextPageToken } = await ask((engine) =>
      engine.listQuarantinedTasks({ ...params, ...query }),
    );
    return {
      tasks: tasks.map(({ workflowId, runId, activityId, ...info }) => ({
        execution: { workflowId, runId },
        ...(activityId !== undefined && { activityId }),
        ...quarantineToJson(info),
      })),
      ...(nextPageToken !== undefined && { nextPageToken }),
    };
  },

  async releaseActivity({ params, query }, { ask }) {
    await ask((engine) => engine.releaseQuarantinedTask({ ...params, runId: query.runId }));
    return {};
  },

  async releaseWorkflowTask({ params, query }, { ask }) {
    await ask((engine) => engine.releaseQuarantinedTask({ ...params, runId: query.runId }));
    return {};
  },
};

/** Why a task is quarantined, as JSON. */
export function quarantineToJson({ reason, count, sinceMs, identities }: QuarantineInfo): QuarantineJson {
  return { reason, count, time: toTimestamp(sinceMs), lastWorkers: [...identities] };
}
