import { z } from 'zod';
import { deploymentPart } from './scalars.js';

/** One version of the workers of a deployment. */
export const deploymentVersionJson = z
  .strictObject({
    deploymentName: z.string().meta({ description: 'Name of the worker deployment.' }),
    buildId: z.string().meta({ description: 'Which build of it.' }),
  })
  .meta({ id: 'WorkerDeploymentVersion' });

/** How an execution goes along with new versions. */
const versioningBehavior = z
  .enum(['PINNED', 'AUTO_UPGRADE'])
  .meta({ description: 'Whether an execution stays on its version, or goes along with the current one.' });

/** What holds for an execution whatever its workers declare. */
export const versioningOverrideJson = z
  .discriminatedUnion('behavior', [
    z.strictObject({ behavior: z.literal('PINNED'), version: deploymentVersionJson }),
    z.strictObject({ behavior: z.literal('AUTO_UPGRADE') }),
  ])
  .meta({ id: 'VersioningOverride' });

/** The same in a request. */
export const versioningOverride = z
  .discriminatedUnion('behavior', [
    z.strictObject({
      behavior: z.literal('PINNED'),
      version: z.strictObject({
        deploymentName: deploymentPart('Name of the worker deployment.'),
        buildId: deploymentPart('Which build of it.'),
      }),
    }),
    z.strictObject({ behavior: z.literal('AUTO_UPGRADE') }),
  ])
  .meta({ description: 'Which worker version does it, whatever its workers declare.' });

/** What of worker versions is known of an execution. */
export const versioningInfoJson = z
  .strictObject({
    behavior: versioningBehavior.optional(),
    deploymentVersion: deploymentVersionJson
      .optional()
      .meta({ description: 'Of its last completed workflow task.' }),
    versioningOverride: versioningOverrideJson.optional(),
  })
  .meta({ id: 'WorkflowExecutionVersioningInfo' });
