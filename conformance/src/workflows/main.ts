// The workflows of all scenarios that need no code of another version.
export {
  cancelActivityOnSignal,
  runActivity,
  runLocalActivity,
  runParallel,
  runSequence,
  tellCanceledActivity,
} from './activity-workflows.js';
export {
  cancelTimer,
  cleanUpWhenCancelled,
  giveUpAfter,
  nestedScopes,
  sleepFor,
  waitForCancellation,
} from './timer-workflows.js';
export { awaitGateThenTellSignals, collectSignals, setProgress } from './message-workflows.js';
export { changeMemo, changeSearchAttributes, failWith, tellInfo, tellSinks } from './property-workflows.js';
export { growHistory, mixture } from './long-workflows.js';
