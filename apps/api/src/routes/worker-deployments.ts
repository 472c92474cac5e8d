import type {
  VersionSummary,
  WorkerDeploymentDescription,
  WorkerDeploymentVersionDescription,
} from '@tidewheel/engine';
import type { RouteAnswer, ROUTES } from '@tidewheel/protocol';
import { toTimestamp } from '@tidewheel/protocol';
import type { Handlers } from '../http/mount.js';

type DeploymentJson = RouteAnswer<typeof ROUTES.describeWorkerDeployment>;
type VersionJson = DeploymentJson['versionSummaries'][number];
type VersionInfoJson = RouteAnswer<typeof ROUTES.describeWorkerDeploymentVersion>;

type DeploymentRouteName =
  | 'listWorkerDeployments'
  | 'describeWorkerDeployment'
  | 'deleteWorkerDeployment'
  | 'describeWorkerDeploymentVersion'
  | 'deleteWorkerDeploymentVersion'
  | 'setWorkerDeploymentCurrentVersion'
  | 'setWorkerDeploymentRampingVersion'
  | 'updateWorkflowOptions';

/** Answers everything about worker deployments, and which version does an execution. */
export const workerDeploymentHandlers: Pick<Handlers, DeploymentRouteName> = {
  async listWorkerDeployments({ params }, { ask }) {
    const all = await ask((engine) => engine.listWorkerDeployments(params.namespace));
    return { workerDeployments: all.map(deploymentToJson) };
  },

  async describeWorkerDeployment({ params: { namespace, deploymentName } }, { ask }) {
    return deploymentToJson(
      await ask((engine) => engine.describeWorkerDeployment(namespace, deploymentName)),
    );
  },

  async deleteWorkerDeployment({ params: { namespace, deploymentName } }, { ask }) {
    await ask((engine) => engine.deleteWorkerDeployment(namespace, deploymentName));
    return {};
  },

  async describeWorkerDeploymentVersion({ params: { namespace, ...version } }, { ask }) {
    return versionInfoToJson(
      await ask((engine) => engine.describeWorkerDeploymentVersion(namespace, version)),
    );
  },

  async deleteWorkerDeploymentVersion({ params: { namespace, ...version }, query }, { ask }) {
    const options = { skipDrainage: query.skipDrainage ?? false };
    await ask((engine) => engine.deleteWorkerDeploymentVersion(namespace, version, options));
    return {};
  },

  async setWorkerDeploymentCurrentVersion({ params, body }, { ask }) {
    const answer = await ask((engine) => engine.setWorkerDeploymentCurrentVersion({ ...params, ...body }));
    const { conflictToken, previousBuildId } = answer;
    return { conflictToken, ...previousVersion(params.deploymentName, previousBuildId) };
  },

  async setWorkerDeploymentRampingVersion({ params, body }, { ask }) {
    const answer = await ask((engine) => engine.setWorkerDeploymentRampingVersion({ ...params, ...body }));
    const { conflictToken, previous } = answer;
    return {
      conflictToken,
      ...previousVersion(params.deploymentName, previous?.buildId ?? ''),
      previousPercentage: previous?.percentage ?? 0,
    };
  },

  async updateWorkflowOptions({ params, query, body }, { ask }) {
    const request = {
      ...params,
      runId: query.runId,
      versioningOverride: body.versioningOverride ?? undefined,
      identity: body.identity,
    };
    return ask((engine) => engine.updateWorkflowOptions(request));
  },
};

function previousVersion(deploymentName: string, buildId: string) {
  return buildId === '' ? {} : { previousDeploymentVersion: { deploymentName, buildId } };
}

function deploymentToJson({
  deployment,
  versions,
  conflictToken,
}: WorkerDeploymentDescription): DeploymentJson {
  const { name: deploymentName, currentBuildId, ramping } = deployment;
  const rampingBuildId = ramping?.buildId ?? '';
  return {
    name: deploymentName,
    createTime: toTimestamp(deployment.createdMs),
    routingConfig: {
      ...(currentBuildId !== '' && {
        currentDeploymentVersion: { deploymentName, buildId: currentBuildId },
      }),
      ...(rampingBuildId !== '' && {
        rampingDeploymentVersion: { deploymentName, buildId: rampingBuildId },
      }),
      ...(ramping?.buildId === '' && { rampsToUnversioned: true }),
      rampingVersionPercentage: ramping?.percentage ?? 0,
      ...time('currentVersionChangedTime', deployment.currentChangedMs),
      ...time('rampingVersionChangedTime', deployment.rampingChangedMs),
      ...time('rampingVersionPercentageChangedTime', deployment.percentageChangedMs),
    },
    versionSummaries: versions.map(versionToJson),
    lastModifierIdentity: deployment.lastModifierIdentity,
    conflictToken,
  };
}

function versionToJson(version: VersionSummary): VersionJson {
  const { deploymentName, buildId, drainage } = version;
  return {
    deploymentVersion: { deploymentName, buildId },
    status: version.status,
    createTime: toTimestamp(version.createdMs),
    ...time('firstActivationTime', version.firstActivatedMs),
    ...time('currentSinceTime', version.currentSinceMs),
    ...time('rampingSinceTime', version.rampingSinceMs),
    ...time('lastCurrentTime', version.lastCurrentMs),
    ...time('lastDeactivationTime', version.lastDeactivatedMs),
    ...time('routingChangedTime', version.routingChangedMs),
    ...(drainage && {
      drainageInfo: {
        status: drainage.status,
        lastChangedTime: toTimestamp(drainage.changedMs),
        lastCheckedTime: toTimestamp(drainage.checkedMs),
      },
    }),
  };
}

function versionInfoToJson(version: WorkerDeploymentVersionDescription): VersionInfoJson {
  return {
    ...versionToJson(version),
    rampPercentage: version.rampPercentage,
    pinnedExecutions: version.pinnedExecutions,
    taskQueueInfos: version.queues.map(({ taskQueue, kind }) => ({
      name: taskQueue,
      type: kind === 'workflow' ? 'WORKFLOW' : 'ACTIVITY',
    })),
  };
}

/** A time under a name, where there is one. */
function time<Name extends string>(name: Name, ms: number | undefined): { readonly [K in Name]?: string } {
  return (ms ? { [name]: toTimestamp(ms) } : {}) as { readonly [K in Name]?: string };
}
