import type { MetricTable } from './metric-definition.js';

/** Metrics of quarantined tasks. Every API process shows the same. */
export const QUARANTINE_METRICS = {
  quarantinedTasks: {
    name: 'tidewheel_quarantined_tasks',
    kind: 'gauge',
    unit: '{task}',
    description: 'Tasks that are kept back because their workers died with them.',
    source: 'api',
    attributes: {},
  },
} as const satisfies MetricTable;
