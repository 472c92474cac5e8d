import { ENGINE_METRICS } from './catalog/engine-catalog.js';
import type { MetricDefinition } from './catalog/metric-definition.js';
import { counterSeries, histogramSeries } from './series.js';
import type { CounterSeries, HistogramSeries } from './series.js';

const CLOSED: Readonly<Record<string, MetricDefinition>> = {
  COMPLETED: ENGINE_METRICS.serverWorkflowSuccess,
  FAILED: ENGINE_METRICS.serverWorkflowFailed,
  TIMED_OUT: ENGINE_METRICS.serverWorkflowTimeout,
  TERMINATED: ENGINE_METRICS.serverWorkflowTerminate,
  CANCELED: ENGINE_METRICS.serverWorkflowCancel,
};

const TIMEOUTS: Readonly<Record<string, MetricDefinition>> = {
  SCHEDULE_TO_START: ENGINE_METRICS.scheduleToStartTimeout,
  SCHEDULE_TO_CLOSE: ENGINE_METRICS.scheduleToCloseTimeout,
  START_TO_CLOSE: ENGINE_METRICS.startToCloseTimeout,
  HEARTBEAT: ENGINE_METRICS.heartbeatTimeout,
};

/** Records what an engine does; it fits the option `metrics` of `Engine.open`. */
export interface EngineRecorder {
  runClosed(namespace: string, status: string): void;
  activityTimedOut(namespace: string, timeoutType: string): void;
  scriptCalled(script: string, durationMs: number, failed: boolean): void;
  pollEnded(namespace: string, taskQueue: string, kind: string, gotTask: boolean): void;
}

/** Records with the meter that is registered now. */
export function engineMetrics(): EngineRecorder {
  const scripts = new Map<string, HistogramSeries>();
  const counts = new Map<string, CounterSeries>();
  const countIn = (namespace: string, definition: MetricDefinition | undefined): void => {
    if (!definition) return;
    const key = `${definition.name} ${namespace}`;
    let count = counts.get(key);
    if (!count) counts.set(key, (count = counterSeries(definition, { namespace })));
    count.add();
  };
  return {
    runClosed: (namespace, status) => countIn(namespace, CLOSED[status]),
    activityTimedOut: (namespace, timeoutType) => countIn(namespace, TIMEOUTS[timeoutType]),
    scriptCalled(script, durationMs, failed) {
      let latency = scripts.get(script);
      if (!latency) {
        latency = histogramSeries(ENGINE_METRICS.persistenceLatency, { operation: script });
        scripts.set(script, latency);
      }
      latency.record(durationMs / 1_000);
      if (failed) counterSeries(ENGINE_METRICS.persistenceErrors, { operation: script }).add();
    },
    pollEnded(namespace, taskQueue, kind, gotTask) {
      const definition = gotTask ? ENGINE_METRICS.pollSuccess : ENGINE_METRICS.pollTimeouts;
      counterSeries(definition, { namespace, task_queue: taskQueue, kind }).add();
    },
  };
}
