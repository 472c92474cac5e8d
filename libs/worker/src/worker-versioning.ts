import { deploymentPartFault, InvalidArgumentError } from '@tidewheel/core';
import type { VersioningBehavior, WorkerDeploymentVersion } from '@tidewheel/core';

/** What people write about the version of a worker. */
export interface WorkerDeploymentOptions {
  /** The deployment that the worker belongs to, and which build of it the worker is. */
  readonly version: WorkerDeploymentVersion;
  /** Whether the worker gets tasks by its version; if not, it is an unversioned worker. */
  readonly useWorkerVersioning: boolean;
  /**
   * What holds for workflows that do not say it themselves with `setWorkflowOptions`: executions stay on the version that
   * did their first workflow task (PINNED), or go along with the current one (AUTO_UPGRADE).
   */
  readonly defaultVersioningBehavior?: VersioningBehavior;
}

/** How a worker's version takes part in the choice of workers. */
export interface WorkerVersioning {
  readonly version: WorkerDeploymentVersion;
  readonly defaultBehavior: VersioningBehavior | undefined;
}

/**
 * Checks what people wrote; undefined for a worker that takes no part in versioning.
 *
 * @throws InvalidArgumentError naming the option
 */
export function compileWorkerVersioning(
  options: WorkerDeploymentOptions | undefined,
): WorkerVersioning | undefined {
  if (!options) return undefined;
  const { useWorkerVersioning, defaultVersioningBehavior } = options;
  // Callers without types may have left it out.
  const version = (options as Partial<WorkerDeploymentOptions>).version ?? {
    deploymentName: '',
    buildId: '',
  };
  for (const part of ['deploymentName', 'buildId'] as const) {
    const fault = deploymentPartFault(version[part]);
    if (fault) throw new InvalidArgumentError(`workerDeploymentOptions.version.${part}`, fault);
  }
  if (
    defaultVersioningBehavior !== undefined &&
    !['PINNED', 'AUTO_UPGRADE'].includes(defaultVersioningBehavior)
  ) {
    throw new InvalidArgumentError(
      'workerDeploymentOptions.defaultVersioningBehavior',
      'must be PINNED or AUTO_UPGRADE',
    );
  }
  if (!useWorkerVersioning) return undefined;
  return { version, defaultBehavior: defaultVersioningBehavior };
}
