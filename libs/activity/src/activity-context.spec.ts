import { CancelledFailure, IllegalStateError, makeLogger, makeMetricMeter } from '@tidewheel/common';
import type { ActivityInfo, ContextOptions } from './runtime.js';
import {
  activityInfo,
  cancellationSignal,
  cancelled,
  Context,
  heartbeat,
  inActivityContext,
  info,
  log,
  metricMeter,
  sleep,
} from './index.js';
import { runInActivityContext } from './runtime.js';

const INFO: ActivityInfo = {
  taskToken: new Uint8Array([1]),
  base64TaskToken: 'AQ==',
  activityId: '1',
  activityType: 'greet',
  activityNamespace: 'default',
  attempt: 1,
  isLocal: false,
  workflowExecution: { workflowId: 'w', runId: 'r' },
  workflowType: 'hello',
  workflowNamespace: 'default',
  namespace: 'default',
  heartbeatDetails: undefined,
  scheduledTimestampMs: 1,
  currentAttemptScheduledTimestampMs: 1,
  startedTimestampMs: 2,
  scheduleToCloseTimeoutMs: 0,
  startToCloseTimeoutMs: 10_000,
  taskQueue: 'q',
  workerId: 'worker-1',
};

function makeContext(overrides: Partial<ContextOptions> = {}): Context {
  return new Context({
    info: INFO,
    heartbeat: () => undefined,
    cancellationSignal: new AbortController().signal,
    workerShutdownSignal: new AbortController().signal,
    log: makeLogger(() => undefined),
    metricMeter: makeMetricMeter(() => undefined),
    ...overrides,
  });
}

test('the context is found from anywhere within the activity, and by concurrent activities each their own', async () => {
  const seen = await Promise.all(
    ['a', 'b'].map((workerId) =>
      runInActivityContext(makeContext({ info: { ...INFO, workerId } }), async () => {
        await Promise.resolve();
        expect(activityInfo()).toBe(info());
        return Context.current().info.workerId;
      }),
    ),
  );
  expect(seen).toEqual(['a', 'b']);
});

test('outside of an activity there is no context', () => {
  expect(inActivityContext()).toBe(false);
  expect(() => Context.current()).toThrow(IllegalStateError);
});

test('heartbeats and log entries reach the worker', () => {
  const heard: unknown[] = [];
  const context = makeContext({
    heartbeat: (details) => heard.push(details),
    log: makeLogger((level, message, meta) => heard.push([level, message, meta])),
  });
  runInActivityContext(context, () => {
    heartbeat({ done: 1 });
    log.warn('slow', { ms: 3 });
  });
  expect(heard).toEqual([{ done: 1 }, ['WARN', 'slow', { ms: 3 }]]);
});

test('what is recorded reaches the meter of the worker', () => {
  const recorded: unknown[] = [];
  const context = makeContext({
    metricMeter: makeMetricMeter(({ name, value, tags }) => recorded.push([name, value, tags])),
  });
  runInActivityContext(context, () => {
    metricMeter.withTags({ region: 'eu' }).createCounter('orders').add(2);
    Context.current().metricMeter.createGauge('depth').set(1);
    metricMeter.createHistogram('took_seconds', 'float').record(0.5, { status: 'success' });
  });
  expect(recorded).toEqual([
    ['orders', 2, { region: 'eu' }],
    ['depth', 1, {}],
    ['took_seconds', 0.5, { status: 'success' }],
  ]);
  expect(() => metricMeter.createCounter('orders')).toThrow(IllegalStateError);
});

test('cancellation aborts the signal, rejects `cancelled` and ends a sleep, all with the reason given', async () => {
  const controller = new AbortController();
  const context = makeContext({ cancellationSignal: controller.signal });
  await runInActivityContext(context, async () => {
    const sleeping = sleep('1 hour');
    const reason = new CancelledFailure('WORKER_SHUTDOWN');
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(cancelled()).rejects.toBe(reason);
    expect(cancellationSignal().aborted).toBe(true);
  });
});

test('a sleep of a cancelled activity rejects at once', async () => {
  const context = makeContext({ cancellationSignal: AbortSignal.abort() });
  await expect(context.sleep('1 hour')).rejects.toThrow(CancelledFailure);
});

test('a sleep that is not cancelled ends', async () => {
  await expect(makeContext().sleep(1)).resolves.toBeUndefined();
});
