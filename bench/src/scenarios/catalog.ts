import { IDLE } from './idle.js';
import { REST_START } from './rest-start.js';
import type { Scenario } from './scenario.js';
import { WORKFLOW_SCENARIOS } from './workflows.js';

/** All loads, in the order of the table. */
export const SCENARIOS: readonly Scenario[] = [...WORKFLOW_SCENARIOS, REST_START, IDLE];
