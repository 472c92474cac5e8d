/** Where the pool's modules are: below the folder of the image's packages, so that they find them. */
const FOLDER = '/app/k8s-check';

/** An image as the chart's values have it. */
function imageOf(reference) {
  const colon = reference.lastIndexOf(':');
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

/** Values with which scripts/k8s-check installs the chart: Redis inside, and a pool whose modules a ConfigMap brings. */
export function installValues({ apiImage, workerImage, taskQueue }) {
  return {
    redis: { evaluation: { enabled: true } },
    api: { image: imageOf(apiImage), replicas: 1, pdb: { enabled: false } },
    workerPools: {
      check: {
        image: imageOf(workerImage),
        taskQueues: [taskQueue],
        workflows: `${FOLDER}/workflows.mjs`,
        activities: [`${FOLDER}/activities.mjs`],
        replicas: 1,
        shutdownTimeoutSeconds: 5,
        volumes: [{ name: 'modules', configMap: { name: 'modules' } }],
        volumeMounts: [{ name: 'modules', mountPath: FOLDER, readOnly: true }],
      },
    },
  };
}
