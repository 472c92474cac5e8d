import type { VersionSummary, WorkerDeploymentDescription } from '@tidewheel/engine';
import type { temporal } from '@temporalio/proto';
import type { MethodTable } from '../call-context.js';
import { deploymentVersionStatus, drainageStatus, taskQueueType } from '../convert/enums.js';
import { optionalTimestamp, timestampToProto } from '../convert/time.js';
import { overrideFromProto, overrideToProto, versionFromProto, versionText } from '../convert/versioning.js';
import { invalidArgument } from '../errors.js';
import type { GatewayContext } from '../gateway-context.js';
import { api, int64 } from '../proto.js';
import { executionAddress, given, requireText } from './request-fields.js';

type Deployments = typeof temporal.api.deployment.v1;
type DeploymentInfo = NonNullable<Parameters<Deployments['WorkerDeploymentInfo']['encode']>[0]>;
type VersionSummaryMessage = NonNullable<DeploymentInfo['versionSummaries']>[number];
type RoutingConfig = NonNullable<DeploymentInfo['routingConfig']>;

/** How clients write that there is no version. */
const UNVERSIONED = '__unversioned__';
/** Every partition has heard of a change when it is answered. */
const COMPLETED = api.enums.v1.RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_COMPLETED;

/** Worker deployments, and which version does an execution. */
export function workerDeploymentMethods({ engine }: GatewayContext): MethodTable {
  return {
    async ListWorkerDeployments({ namespace }) {
      const all = await engine.listWorkerDeployments(requireText('namespace', namespace));
      return {
        workerDeployments: all.map((description) => {
          const { deployment, versions } = description;
          const summaryOf = (buildId: string | undefined): VersionSummaryMessage | null => {
            const version = versions.find((one) => one.buildId === buildId);
            return version ? versionSummary(version) : null;
          };
          return {
            name: deployment.name,
            createTime: timestampToProto(deployment.createdMs),
            routingConfig: routingConfig(description),
            latestVersionSummary: versions[0] ? versionSummary(versions[0]) : null,
            currentVersionSummary: summaryOf(deployment.currentBuildId),
            rampingVersionSummary: summaryOf(deployment.ramping?.buildId),
          };
        }),
      };
    },

    async DescribeWorkerDeployment(request) {
      const namespace = requireText('namespace', request.namespace);
      const name = requireText('deployment_name', request.deploymentName);
      const description = await engine.describeWorkerDeployment(namespace, name);
      const { deployment, versions, conflictToken } = description;
      return {
        conflictToken: Buffer.from(conflictToken),
        workerDeploymentInfo: {
          name,
          createTime: timestampToProto(deployment.createdMs),
          versionSummaries: versions.map(versionSummary),
          routingConfig: routingConfig(description),
          lastModifierIdentity: deployment.lastModifierIdentity,
          routingConfigUpdateState: COMPLETED,
        },
      };
    },

    async DescribeWorkerDeploymentVersion(request) {
      const namespace = requireText('namespace', request.namespace);
      const version = requireVersion(request.deploymentVersion, request.version);
      const described = await engine.describeWorkerDeploymentVersion(namespace, version);
      const queues = described.queues.map(({ taskQueue: name, kind }) => ({
        name,
        type: taskQueueType.toProto(kind === 'workflow' ? 'WORKFLOW' : 'ACTIVITY'),
      }));
      const { computeStatus: _status, drainageStatus: _drainage, ...summary } = versionSummary(described);
      const { routingUpdateTime, ...times } = summary;
      return {
        workerDeploymentVersionInfo: {
          ...times,
          deploymentName: described.deploymentName,
          routingChangedTime: routingUpdateTime ?? null,
          rampPercentage: described.rampPercentage,
          taskQueueInfos: queues,
          computeConfig: null,
        },
        versionTaskQueues: queues,
      };
    },

    async SetWorkerDeploymentCurrentVersion(request) {
      const deploymentName = requireText('deployment_name', request.deploymentName);
      const { conflictToken, previousBuildId } = await engine.setWorkerDeploymentCurrentVersion({
        ...routingChange(request, deploymentName),
        buildId: buildIdOf(request),
      });
      return {
        conflictToken: Buffer.from(conflictToken),
        ...previousVersion(deploymentName, previousBuildId),
      };
    },

    async SetWorkerDeploymentRampingVersion(request) {
      const deploymentName = requireText('deployment_name', request.deploymentName);
      const { conflictToken, previous } = await engine.setWorkerDeploymentRampingVersion({
        ...routingChange(request, deploymentName),
        buildId: buildIdOf(request),
        percentage: request.percentage ?? 0,
      });
      return {
        conflictToken: Buffer.from(conflictToken),
        ...previousVersion(deploymentName, previous?.buildId ?? ''),
        previousPercentage: previous?.percentage ?? 0,
      };
    },

    async DeleteWorkerDeployment(request) {
      const namespace = requireText('namespace', request.namespace);
      await engine.deleteWorkerDeployment(namespace, requireText('deployment_name', request.deploymentName));
      return {};
    },

    async DeleteWorkerDeploymentVersion(request) {
      const namespace = requireText('namespace', request.namespace);
      const version = requireVersion(request.deploymentVersion, request.version);
      const skipDrainage = request.skipDrainage ?? false;
      await engine.deleteWorkerDeploymentVersion(namespace, version, { skipDrainage });
      return {};
    },

    async UpdateWorkflowExecutionOptions(request) {
      const address = executionAddress(request.namespace, request.workflowExecution);
      const paths = request.updateMask?.paths ?? [];
      const [path = ''] = paths;
      if (paths.length !== 1 || !['versioning_override', 'versioningOverride'].includes(path)) {
        throw invalidArgument('update_mask', 'must name versioning_override and nothing else');
      }
      const { versioningOverride } = await engine.updateWorkflowOptions({
        ...address,
        versioningOverride: overrideFromProto(request.workflowExecutionOptions?.versioningOverride),
        identity: given(request.identity),
      });
      return { workflowExecutionOptions: { versioningOverride: overrideToProto(versioningOverride) } };
    },
  };
}

interface RoutingChange {
  readonly namespace?: string | null;
  readonly conflictToken?: Uint8Array | null;
  readonly identity?: string | null;
  readonly ignoreMissingTaskQueues?: boolean | null;
  readonly allowNoPollers?: boolean | null;
}

function routingChange(request: RoutingChange, deploymentName: string) {
  return {
    namespace: requireText('namespace', request.namespace),
    deploymentName,
    conflictToken: request.conflictToken?.length ? Buffer.from(request.conflictToken).toString() : undefined,
    identity: given(request.identity),
    ignoreMissingTaskQueues: request.ignoreMissingTaskQueues ?? false,
    allowNoPollers: request.allowNoPollers ?? false,
  };
}

/** The build of today's form of a request, or of that of before, which names the whole version. */
function buildIdOf({ buildId, version }: { buildId?: string | null; version?: string | null }): string {
  if (buildId) return buildId;
  return version && version !== UNVERSIONED ? (versionFromProto(null, version)?.buildId ?? '') : '';
}

function requireVersion(...forms: Parameters<typeof versionFromProto>) {
  const version = versionFromProto(...forms);
  if (!version) throw invalidArgument('deployment_version', 'must be set');
  return version;
}

function previousVersion(deploymentName: string, buildId: string) {
  if (buildId === '') return { previousVersion: UNVERSIONED };
  const version = { deploymentName, buildId };
  return { previousDeploymentVersion: version, previousVersion: versionText(version) };
}

function routingConfig({ deployment }: WorkerDeploymentDescription): RoutingConfig {
  const { name: deploymentName, currentBuildId, ramping } = deployment;
  const current = currentBuildId === '' ? null : { deploymentName, buildId: currentBuildId };
  const ramps = ramping && ramping.buildId !== '' ? { deploymentName, buildId: ramping.buildId } : null;
  return {
    currentDeploymentVersion: current,
    currentVersion: current ? versionText(current) : UNVERSIONED,
    rampingDeploymentVersion: ramps,
    rampingVersion: ramps ? versionText(ramps) : ramping ? UNVERSIONED : '',
    rampingVersionPercentage: ramping?.percentage ?? 0,
    currentVersionChangedTime: optionalTimestamp(deployment.currentChangedMs),
    rampingVersionChangedTime: optionalTimestamp(deployment.rampingChangedMs),
    rampingVersionPercentageChangedTime: optionalTimestamp(deployment.percentageChangedMs),
    revisionNumber: int64(deployment.revision),
  };
}

function versionSummary(version: VersionSummary): VersionSummaryMessage {
  const { deploymentName, buildId, drainage } = version;
  const deploymentVersion = { deploymentName, buildId };
  return {
    version: versionText(deploymentVersion),
    deploymentVersion,
    status: deploymentVersionStatus.toProto(version.status),
    createTime: timestampToProto(version.createdMs),
    ...(drainage && {
      drainageStatus: drainageStatus.toProto(drainage.status),
      drainageInfo: {
        status: drainageStatus.toProto(drainage.status),
        lastChangedTime: timestampToProto(drainage.changedMs),
        lastCheckedTime: timestampToProto(drainage.checkedMs),
      },
    }),
    currentSinceTime: optionalTimestamp(version.currentSinceMs),
    rampingSinceTime: optionalTimestamp(version.rampingSinceMs),
    routingUpdateTime: optionalTimestamp(version.routingChangedMs),
    firstActivationTime: optionalTimestamp(version.firstActivatedMs),
    lastCurrentTime: optionalTimestamp(version.lastCurrentMs),
    lastDeactivationTime: optionalTimestamp(version.lastDeactivatedMs),
  };
}
