import type { Scenario } from '../harness/scenario.js';
import { activityScenarios } from './activities.js';
import { activityCancellationScenarios } from './activity-cancellation.js';
import { activityTimeoutScenarios } from './activity-timeouts.js';
import { asyncCompletionScenarios } from './async-completion.js';
import { dataScenarios } from './data.js';
import { localActivityScenarios } from './local-activities.js';
import { mixedFleetScenarios } from './mixed-fleets.js';
import { propertyScenarios } from './properties.js';
import { protocolScenarios } from './protocol.js';
import { queryScenarios } from './queries.js';
import { readingScenarios } from './reading.js';
import { signalScenarios } from './signals.js';
import { startScenarios } from './starting.js';
import { timerAndCancellationScenarios } from './timers-and-cancellation.js';
import { versionScenarios } from './versions.js';
import { workerScenarios } from './workers.js';

export const allScenarios: readonly Scenario[] = [
  ...activityScenarios,
  ...activityTimeoutScenarios,
  ...activityCancellationScenarios,
  ...asyncCompletionScenarios,
  ...localActivityScenarios,
  ...timerAndCancellationScenarios,
  ...signalScenarios,
  ...queryScenarios,
  ...propertyScenarios,
  ...versionScenarios,
  ...startScenarios,
  ...readingScenarios,
  ...dataScenarios,
  ...workerScenarios,
  ...protocolScenarios,
  ...mixedFleetScenarios,
];
