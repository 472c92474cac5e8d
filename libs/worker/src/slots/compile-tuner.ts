import { InvalidArgumentError } from '@tidewheel/core';
import type { PollSizeLimits } from '@tidewheel/polling';
import { count, ms } from '../option-checks.js';
import type {
  ActivitySlotInfo,
  PollerBehavior,
  ResourceBasedSlotOptions,
  ResourceBasedTunerOptions,
  SlotSupplier,
  WorkerTuner,
  WorkflowSlotInfo,
} from './slot-supplier.js';
import type { CompiledSlots } from './worker-slots.js';

/** What people may write about slots; see `WorkerOptions`. */
interface SlotOptions {
  readonly maxConcurrentActivities?: number;
  readonly maxConcurrentActivityTaskExecutions?: number;
  readonly maxConcurrentWorkflowTasks?: number;
  readonly maxConcurrentWorkflowTaskExecutions?: number;
  readonly tuner?: WorkerTuner;
  readonly workflowTaskPollerBehavior?: PollerBehavior;
  readonly activityTaskPollerBehavior?: PollerBehavior;
  readonly maxConcurrentWorkflowTaskPolls?: number;
  readonly maxConcurrentActivityTaskPolls?: number;
}

interface Kind {
  /** What the options are called after, in the tuner. */
  readonly name: 'workflowTask' | 'activityTask';
  readonly leastSlots: number;
  readonly maximumSlots: number;
  readonly rampThrottleMs: number;
}

// An execution whose sticky task waits for the only slot would wait for the timeout: hence two.
const WORKFLOW: Kind = { name: 'workflowTask', leastSlots: 2, maximumSlots: 1_000, rampThrottleMs: 10 };
const ACTIVITY: Kind = { name: 'activityTask', leastSlots: 1, maximumSlots: 2_000, rampThrottleMs: 50 };

const DEFAULT_SLOTS = 100;
const AUTOSCALING: PollSizeLimits = { minimum: 1, initial: 5, maximum: 100 };
/** How many slots a supplier is asked for ahead of tasks, when nothing is said. */
const SUPPLIED_AHEAD: PollSizeLimits = { minimum: 10, initial: 10, maximum: 10 };

/**
 * Completes and validates what people wrote about slots and polls.
 *
 * @throws InvalidArgumentError naming the option
 */
export function compileTuner(options: SlotOptions): {
  readonly workflowSlots: CompiledSlots<WorkflowSlotInfo>;
  readonly activitySlots: CompiledSlots<ActivitySlotInfo>;
} {
  const { tuner } = options;
  const workflowPoll = pollSize(
    'workflowTaskPollerBehavior',
    options.workflowTaskPollerBehavior,
    'maxConcurrentWorkflowTaskPolls',
    options.maxConcurrentWorkflowTaskPolls,
  );
  const activityPoll = pollSize(
    'activityTaskPollerBehavior',
    options.activityTaskPollerBehavior,
    'maxConcurrentActivityTaskPolls',
    options.maxConcurrentActivityTaskPolls,
  );
  const workflowSize = sizeOf(options, 'maxConcurrentWorkflowTasks', 'maxConcurrentWorkflowTaskExecutions');
  const activitySize = sizeOf(options, 'maxConcurrentActivities', 'maxConcurrentActivityTaskExecutions');
  if (!tuner) {
    return {
      workflowSlots: fixed('maxConcurrentWorkflowTasks', workflowSize, WORKFLOW, workflowPoll),
      activitySlots: fixed('maxConcurrentActivities', activitySize, ACTIVITY, activityPoll),
    };
  }
  const sized = workflowSize === undefined ? 'maxConcurrentActivities' : 'maxConcurrentWorkflowTasks';
  if (workflowSize !== undefined || activitySize !== undefined) {
    throw new InvalidArgumentError(sized, 'cannot go with tuner: give one of them');
  }
  if ('tunerOptions' in tuner) {
    const { tunerOptions } = tuner;
    return {
      workflowSlots: resourceBased(
        'tuner',
        WORKFLOW,
        tunerOptions,
        tuner.workflowTaskSlotOptions,
        workflowPoll,
      ),
      activitySlots: resourceBased(
        'tuner',
        ACTIVITY,
        tunerOptions,
        tuner.activityTaskSlotOptions,
        activityPoll,
      ),
    };
  }
  return {
    workflowSlots: supplied(WORKFLOW, tuner.workflowTaskSlotSupplier, workflowPoll),
    activitySlots: supplied(ACTIVITY, tuner.activityTaskSlotSupplier, activityPoll),
  };
}

function sizeOf(
  options: SlotOptions,
  name: 'maxConcurrentWorkflowTasks' | 'maxConcurrentActivities',
  alias: 'maxConcurrentWorkflowTaskExecutions' | 'maxConcurrentActivityTaskExecutions',
): number | undefined {
  return options[name] ?? options[alias];
}

function fixed(
  field: string,
  size: number | undefined,
  kind: Kind,
  poll: PollSizeLimits | undefined,
): CompiledSlots<never> {
  return { kind: 'fixed', size: count(field, size, DEFAULT_SLOTS, kind.leastSlots), poll };
}

function supplied<Info>(
  kind: Kind,
  supplier: SlotSupplier<Info> | undefined,
  poll: PollSizeLimits | undefined,
): CompiledSlots<Info> {
  const field = `tuner.${kind.name}SlotSupplier`;
  switch (supplier?.type) {
    case 'fixed-size':
      return fixed(`${field}.numSlots`, supplier.numSlots, kind, poll);
    case 'resource-based':
      return resourceBased(field, kind, supplier.tunerOptions, supplier, poll, field);
    case 'custom':
      for (const method of ['reserveSlot', 'tryReserveSlot', 'markSlotUsed', 'releaseSlot'] as const) {
        if (typeof supplier[method] !== 'function') {
          throw new InvalidArgumentError(`${field}.${method}`, 'must be a function');
        }
      }
      return { kind: 'custom', supplier, poll: poll ?? SUPPLIED_AHEAD };
    default:
      throw new InvalidArgumentError(`${field}.type`, 'must be fixed-size, resource-based or custom');
  }
}

function resourceBased(
  owner: string,
  kind: Kind,
  targets: ResourceBasedTunerOptions | undefined,
  slots: ResourceBasedSlotOptions | undefined,
  poll: PollSizeLimits | undefined,
  field = `${owner}.${kind.name}SlotOptions`,
): CompiledSlots<never> {
  const minimumSlots = count(`${field}.minimumSlots`, slots?.minimumSlots, kind.leastSlots, kind.leastSlots);
  const maximumSlots = count(`${field}.maximumSlots`, slots?.maximumSlots, kind.maximumSlots, minimumSlots);
  return {
    kind: 'resource',
    options: {
      targetMemoryUsage: share(`${owner}.tunerOptions.targetMemoryUsage`, targets?.targetMemoryUsage),
      targetCpuUsage: share(`${owner}.tunerOptions.targetCpuUsage`, targets?.targetCpuUsage),
      minimumSlots,
      maximumSlots,
      rampThrottleMs: ms(`${field}.rampThrottle`, slots?.rampThrottle, kind.rampThrottleMs),
    },
    poll: poll ?? SUPPLIED_AHEAD,
  };
}

function share(field: string, value: number | undefined): number {
  if (typeof value === 'number' && value > 0 && value <= 1) return value;
  throw new InvalidArgumentError(field, `must be a number above 0 and up to 1; got ${String(value)}`);
}

function pollSize(
  field: string,
  behavior: PollerBehavior | undefined,
  alias: string,
  polls: number | undefined,
): PollSizeLimits | undefined {
  if (behavior && polls !== undefined) {
    throw new InvalidArgumentError(alias, `cannot go with ${field}: give one of them`);
  }
  if (!behavior) return polls === undefined ? undefined : alwaysSize(count(alias, polls, polls, 1));
  switch (behavior.type) {
    case 'simple-maximum':
      return alwaysSize(count(`${field}.maximum`, behavior.maximum, Number.NaN, 1));
    case 'autoscaling': {
      const minimum = count(`${field}.minimum`, behavior.minimum, AUTOSCALING.minimum, 1);
      const maximum = count(`${field}.maximum`, behavior.maximum, AUTOSCALING.maximum, minimum);
      const usual = Math.min(maximum, Math.max(minimum, AUTOSCALING.initial));
      const initial = count(`${field}.initial`, behavior.initial, usual, minimum);
      if (initial > maximum) {
        throw new InvalidArgumentError(`${field}.initial`, `must be ${maximum} or less, the maximum`);
      }
      return { minimum, initial, maximum };
    }
    default:
      throw new InvalidArgumentError(`${field}.type`, 'must be simple-maximum or autoscaling');
  }
}

function alwaysSize(size: number): PollSizeLimits {
  return { minimum: size, initial: size, maximum: size };
}
