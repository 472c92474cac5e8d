import { InvalidArgumentError } from '@tidewheel/core';
import { growDeployment } from '@tidewheel/store';
import type { DeploymentSize } from '@tidewheel/store';
import type { EngineContext } from './engine-context.js';

/** The most partitions that a deployment can have. */
const MAX_PARTITIONS = 1_024;

/** How a deployment is to grow. */
export interface GrowPartitionsRequest {
  /** How many it is to have: more than now. */
  readonly partitions: number;
  /** In how many milliseconds they are to be used; two minutes or more. */
  readonly delayMs: number;
}

/**
 * Announces that new executions will be spread over more partitions. Those that there are stay where they are. Until the time
 * has come, all processes have to be restarted, because each one works for the partitions that it found when it started;
 * one that was not restarted by then refuses requests.
 *
 * @returns all sizes that the deployment has had and will have
 * @throws InvalidArgumentError also when it has as many already, or is growing
 */
export async function growPartitions(
  { run, keys, placement }: EngineContext,
  { partitions, delayMs }: GrowPartitionsRequest,
): Promise<readonly DeploymentSize[]> {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
    throw new InvalidArgumentError('partitions', `must be an integer from 1 to ${MAX_PARTITIONS}`);
  }
  const least = placement.shortestNoticeMs;
  if (!Number.isInteger(delayMs) || delayMs < least) {
    throw new InvalidArgumentError(
      'delay',
      `must be ${least / 1_000} s or more: so long may other processes not know of it`,
    );
  }
  const { sizes, refused } = await growDeployment(run, { partitions, delayMs, prefix: keys.prefix });
  const last = sizes.at(-1);
  if (refused === 'growing') {
    throw new InvalidArgumentError(
      'partitions',
      `the deployment is about to grow to ${last?.partitions}, at ${new Date(last?.fromMs ?? 0).toISOString()}: wait for that`,
    );
  }
  if (refused === 'large enough') {
    throw new InvalidArgumentError(
      'partitions',
      `must be more than the ${last?.partitions} that there are: a deployment cannot shrink`,
    );
  }
  return sizes;
}
