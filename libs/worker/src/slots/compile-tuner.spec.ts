import { InvalidArgumentError } from '@tidewheel/core';
import { compileTuner } from './compile-tuner.js';

type Options = Parameters<typeof compileTuner>[0];

const targets = { targetMemoryUsage: 0.8, targetCpuUsage: 0.9 };
const custom = {
  type: 'custom' as const,
  reserveSlot: async () => ({}),
  tryReserveSlot: () => null,
  markSlotUsed: () => undefined,
  releaseSlot: () => undefined,
};
const fixed = { type: 'fixed-size' as const, numSlots: 5 };

describe('compileTuner', () => {
  it('gives a hundred slots of each kind, and leaves the size of polls open', () => {
    const expected = { kind: 'fixed', size: 100, poll: undefined };
    expect(compileTuner({})).toEqual({ workflowSlots: expected, activitySlots: expected });
  });

  it('takes the shorter names first', () => {
    const { workflowSlots, activitySlots } = compileTuner({
      maxConcurrentActivities: 7,
      maxConcurrentActivityTaskExecutions: 8,
      maxConcurrentWorkflowTaskExecutions: 9,
    });
    expect([activitySlots, workflowSlots]).toMatchObject([{ size: 7 }, { size: 9 }]);
  });

  it("completes a resource-based tuner with Temporal's defaults", () => {
    const { workflowSlots, activitySlots } = compileTuner({
      tuner: { tunerOptions: targets, activityTaskSlotOptions: { maximumSlots: 50, rampThrottle: '1s' } },
    });
    expect(workflowSlots).toMatchObject({
      kind: 'resource',
      options: { ...targets, minimumSlots: 2, maximumSlots: 1_000, rampThrottleMs: 10 },
    });
    expect(activitySlots).toMatchObject({
      kind: 'resource',
      options: { ...targets, minimumSlots: 1, maximumSlots: 50, rampThrottleMs: 1_000 },
    });
  });

  it('takes a supplier of its own for each kind', () => {
    expect(
      compileTuner({
        tuner: {
          workflowTaskSlotSupplier: { type: 'resource-based', tunerOptions: targets, minimumSlots: 4 },
          activityTaskSlotSupplier: custom,
        },
        activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 3 },
      }),
    ).toMatchObject({
      workflowSlots: { kind: 'resource', options: { minimumSlots: 4 } },
      activitySlots: { kind: 'custom', supplier: custom, poll: { minimum: 3, initial: 3, maximum: 3 } },
    });
    const both = { workflowTaskSlotSupplier: fixed, activityTaskSlotSupplier: fixed };
    expect(compileTuner({ tuner: both })).toMatchObject({ activitySlots: { kind: 'fixed', size: 5 } });
  });

  it('sizes polls', () => {
    const poll = (options: Options) => compileTuner(options).activitySlots.poll;
    const autoscaling = (limits: object) =>
      poll({ activityTaskPollerBehavior: { type: 'autoscaling', ...limits } });
    expect(autoscaling({})).toEqual({ minimum: 1, initial: 5, maximum: 100 });
    expect(autoscaling({ maximum: 3 })).toEqual({ minimum: 1, initial: 3, maximum: 3 });
    expect(autoscaling({ minimum: 8 })).toEqual({ minimum: 8, initial: 8, maximum: 100 });
    expect(poll({ maxConcurrentActivityTaskPolls: 4 })).toEqual({ minimum: 4, initial: 4, maximum: 4 });
  });

  const holder = (supplier: unknown) =>
    ({ tuner: { workflowTaskSlotSupplier: supplier, activityTaskSlotSupplier: fixed } }) as Options;
  const resource = (slots: object, tunerOptions: object = targets) =>
    ({ tuner: { tunerOptions, activityTaskSlotOptions: slots } }) as Options;
  const polls = (behavior: object) => ({ activityTaskPollerBehavior: behavior }) as Options;

  it.each<[string, Options]>([
    ['maxConcurrentWorkflowTasks', { maxConcurrentWorkflowTasks: 1 }],
    ['maxConcurrentActivities', { maxConcurrentActivities: 1.5 }],
    ['maxConcurrentActivities', { maxConcurrentActivityTaskExecutions: 0 }],
    ['maxConcurrentActivities', { ...resource({}), maxConcurrentActivities: 5 }],
    ['maxConcurrentWorkflowTasks', { ...resource({}), maxConcurrentWorkflowTaskExecutions: 5 }],
    ['tuner.tunerOptions.targetMemoryUsage', resource({}, { targetCpuUsage: 0.5 })],
    ['tuner.tunerOptions.targetMemoryUsage', resource({}, { ...targets, targetMemoryUsage: 80 })],
    ['tuner.tunerOptions.targetCpuUsage', resource({}, { ...targets, targetCpuUsage: 0 })],
    ['tuner.tunerOptions.targetCpuUsage', resource({}, { ...targets, targetCpuUsage: Number.NaN })],
    ['tuner.activityTaskSlotOptions.minimumSlots', resource({ minimumSlots: 0 })],
    ['tuner.activityTaskSlotOptions.maximumSlots', resource({ minimumSlots: 5, maximumSlots: 4 })],
    ['tuner.activityTaskSlotOptions.rampThrottle', resource({ rampThrottle: 'slow' })],
    ['tuner.workflowTaskSlotSupplier.type', holder(undefined)],
    ['tuner.workflowTaskSlotSupplier.type', holder({ type: 'elastic' })],
    ['tuner.workflowTaskSlotSupplier.numSlots', holder({ type: 'fixed-size', numSlots: 1 })],
    [
      'tuner.workflowTaskSlotSupplier.minimumSlots',
      holder({ type: 'resource-based', tunerOptions: targets, minimumSlots: 1 }),
    ],
    ['tuner.workflowTaskSlotSupplier.tunerOptions.targetMemoryUsage', holder({ type: 'resource-based' })],
    ['tuner.workflowTaskSlotSupplier.releaseSlot', holder({ ...custom, releaseSlot: undefined })],
    ['activityTaskPollerBehavior.type', polls({ type: 'some' })],
    ['activityTaskPollerBehavior.type', polls({})],
    ['activityTaskPollerBehavior.maximum', polls({ type: 'simple-maximum' })],
    ['activityTaskPollerBehavior.maximum', polls({ type: 'simple-maximum', maximum: 0 })],
    ['activityTaskPollerBehavior.minimum', polls({ type: 'autoscaling', minimum: -1 })],
    ['activityTaskPollerBehavior.maximum', polls({ type: 'autoscaling', minimum: 7, maximum: 6 })],
    ['activityTaskPollerBehavior.initial', polls({ type: 'autoscaling', initial: 200 })],
    ['maxConcurrentWorkflowTaskPolls', { maxConcurrentWorkflowTaskPolls: 0 }],
    [
      'maxConcurrentActivityTaskPolls',
      { ...polls({ type: 'autoscaling' }), maxConcurrentActivityTaskPolls: 5 },
    ],
  ])('refuses what makes no sense, naming %s (%#)', (field, options) => {
    expect(() => compileTuner(options)).toThrow(InvalidArgumentError);
    expect(() => compileTuner(options)).toThrow(new RegExp(`^${field.replaceAll('.', '\\.')}: `));
  });
});
