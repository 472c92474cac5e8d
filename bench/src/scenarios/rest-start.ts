import { INPUT, runLoadRounds, TASK_QUEUE } from './load-rounds.js';
import type { Scenario } from './scenario.js';

/** Starts over REST: how many the API takes, while a worker runs what was started. */
export const REST_START: Scenario = {
  name: 'rest-start',
  item:
    'a workflow with one activity, started by POST to the API process; rate and latency are those of the answer to ' +
    'the POST, costs are those of the whole workflow',
  inFlight: [200],
  run: (options, inFlight) =>
    runLoadRounds(
      {
        needsApi: true,
        load: (client, amount, apiUrl) =>
          client.callWithin(amount.seconds * 1_000, 'restStart', {
            ...amount,
            apiUrl,
            workflowType: 'oneActivity',
            taskQueue: TASK_QUEUE,
            input: INPUT,
          }),
      },
      options,
      inFlight,
    ),
};
