import { context, trace } from '@opentelemetry/api';
import type { PayloadMap } from '@tidewheel/core';
import { attributesOf } from './run-traces.js';
import type { TracedRun } from './run-traces.js';
import { SPANS } from '../span-catalog.js';
import { traceContextOf } from './trace-header.js';
import { errorTypeOf, markFailed, startSpan } from './tracer.js';

/** An attempt of an activity. */
interface TracedActivity {
  readonly run: TracedRun;
  readonly activityType: string;
  readonly activityId: string;
  readonly attempt: number;
  readonly taskQueue: string;
  readonly header: PayloadMap;
}

/** Runs the function of an activity within a span, which goes on with the trace in the header. */
export async function inActivitySpan<T>(activity: TracedActivity, run: () => Promise<T>): Promise<T> {
  const parent = traceContextOf(activity.header);
  const span = startSpan(SPANS.runActivity, activity.activityType, {
    parent,
    attributes: {
      ...attributesOf(activity.run),
      'tidewheel.activity_id': activity.activityId,
      'tidewheel.attempt': activity.attempt,
      'tidewheel.task_queue': activity.taskQueue,
    },
  });
  try {
    return await context.with(trace.setSpan(parent, span), run);
  } catch (error) {
    markFailed(span, errorTypeOf(error));
    throw error;
  } finally {
    span.end();
  }
}
