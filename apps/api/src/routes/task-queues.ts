import { formatDuration } from '@tidewheel/core';
import type { TaskQueueStats } from '@tidewheel/engine';
import type { RouteAnswer, ROUTES } from '@tidewheel/protocol';
import { toTimestamp } from '@tidewheel/protocol';
import type { Handlers } from '../http/mount.js';

type StatsJson = RouteAnswer<typeof ROUTES.describeTaskQueue>['workflow'];

/** Answers everything about task queues. */
export const taskQueueHandlers: Pick<Handlers, 'describeTaskQueue'> = {
  async describeTaskQueue({ params }, { ask }) {
    const { namespace, taskQueue } = params;
    const description = await ask((engine) => engine.describeTaskQueue(namespace, taskQueue));
    return {
      namespace,
      taskQueue,
      workflow: statsToJson(description.workflow),
      activity: statsToJson(description.activity),
    };
  },
};

function statsToJson({ backlog, oldestMs, pollers }: TaskQueueStats): StatsJson {
  return {
    backlog,
    oldest: formatDuration(oldestMs),
    pollers: pollers.map(({ identity, lastAccessTimeMs }) => ({
      identity,
      lastAccessTime: toTimestamp(lastAccessTimeMs),
    })),
  };
}
