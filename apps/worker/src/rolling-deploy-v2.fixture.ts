import {
  condition,
  defineSignal,
  patched,
  proxyActivities,
  setHandler,
  setWorkflowOptions,
  sleep,
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
/** No execution that began with the code before could go on with this. */
export async function checkout(): Promise<readonly string[]> {
  await sleep(1);
  const only = await greet('only');
  await go();
  return ['v2', only];
}

setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, subscription);
/** Executions that began with the code before go on with this. */
export async function subscription(): Promise<readonly string[]> {
  const first = await greet('first');
  const more = patched('greet-twice') ? [await greet('more')] : [];
  await go();
  return [`by ${workflowInfo().currentDeploymentVersion?.buildId}`, first, ...more];
}
