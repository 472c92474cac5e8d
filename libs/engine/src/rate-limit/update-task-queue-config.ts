import { burstFault, dispatchRateFault, InvalidArgumentError, LIMITS } from '@tidewheel/core';
import { setApiRate } from '@tidewheel/store';
import type { TaskKind } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import { requireIdentifier } from '../request-checks.js';
import { readRates } from './rate-limit.js';
import type { QueueName, TaskQueueRates } from './rate-limit.js';

/** Changes what is set for a task queue; what is left out stays. */
export interface UpdateTaskQueueConfigRequest extends QueueName {
  /** Only activity tasks can have a dispatch rate. */
  readonly taskQueueType: TaskKind;
  /** Who asks; default the engine's identity. */
  readonly identity?: string | undefined;
  readonly updateQueueRateLimit?:
    | {
        /** Undefined removes the rate; one that a worker asked for is in force again. */
        readonly rateLimit?:
          | {
              /** Tasks a second over all workers. 0 lets none through; from 100,000 on there is no limit. */
              readonly requestsPerSecond: number;
              /** Permits that may pile up, at least 1. Default: one second's worth. */
              readonly burst?: number | undefined;
            }
          | undefined;
        /** Why, for people. */
        readonly reason?: string | undefined;
      }
    | undefined;
}

/**
 * Sets or removes the dispatch rate of a task queue; all workers know of it within some two seconds.
 *
 * @throws InvalidArgumentError, NamespaceNotFoundError
 */
export async function updateTaskQueueConfig(
  context: EngineContext,
  request: UpdateTaskQueueConfigRequest,
): Promise<TaskQueueRates> {
  const { namespace, taskQueue, updateQueueRateLimit: update } = request;
  check(request);
  await context.namespaces.require(namespace);
  if (update) {
    const { rateLimit, reason = '' } = update;
    await setApiRate(context.run, {
      limitKey: context.keys.rateLimit('activity', namespace, taskQueue),
      changesKey: context.keys.rateLimitChanges,
      rate: rateLimit ? String(rateLimit.requestsPerSecond) : '',
      burst: rateLimit?.burst === undefined ? '' : String(rateLimit.burst),
      reason,
      identity: request.identity ?? context.identity,
    });
    await context.rateLimits.refresh({ namespace, taskQueue });
  }
  return readRates(context, { namespace, taskQueue });
}

function check(request: UpdateTaskQueueConfigRequest): void {
  requireIdentifier('taskQueue', request.taskQueue);
  if (request.identity !== undefined) requireIdentifier('identity', request.identity);
  const update = request.updateQueueRateLimit;
  if (!update) return;
  if (request.taskQueueType !== 'activity') {
    throw new InvalidArgumentError(
      'taskQueueType',
      'setting a rate limit on workflow task queues is not allowed; only activity tasks can have one',
    );
  }
  const { rateLimit, reason = '' } = update;
  if (reason.length > LIMITS.reasonLength) {
    const most = `must have at most ${LIMITS.reasonLength} characters`;
    throw new InvalidArgumentError('updateQueueRateLimit.reason', most);
  }
  if (!rateLimit) return;
  const path = 'updateQueueRateLimit.rateLimit';
  const fault = dispatchRateFault(rateLimit.requestsPerSecond, { zeroStops: true });
  if (fault) throw new InvalidArgumentError(`${path}.requestsPerSecond`, fault);
  const faultOfBurst = rateLimit.burst === undefined ? undefined : burstFault(rateLimit.burst);
  if (faultOfBurst) throw new InvalidArgumentError(`${path}.burst`, faultOfBurst);
}
