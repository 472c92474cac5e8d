import {
  condition,
  defineSignal,
  proxyActivities,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@tidewheel/workflow';

interface Activities {
  greet(name: string): Promise<string>;
}

const { greet } = proxyActivities<Activities>({ startToCloseTimeout: '1 minute' });
const goSignal = defineSignal('go');

function go(): Promise<void> {
  let told = false;
  setHandler(goSignal, () => {
    told = true;
  });
  return condition(() => told);
}

setWorkflowOptions({ versioningBehavior: 'PINNED' }, checkout);
/** As it was deployed first. */
export async function checkout(): Promise<readonly string[]> {
  const first = await greet('first');
  await go();
  return ['v1', first, await greet('second')];
}

setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, subscription);
/** As it was deployed first. */
export async function subscription(): Promise<readonly string[]> {
  const first = await greet('first');
  await go();
  return [`by ${workflowInfo().currentDeploymentVersion?.buildId}`, first];
}
