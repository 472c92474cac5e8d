import { proxyActivities } from '@tidewheel/workflow';

const { greet: sayHello } = proxyActivities({ startToCloseTimeout: '1 minute' });

/** The workflow that scripts/k8s-check runs in a cluster. */
export async function greet(name) {
  return sayHello(name);
}
