import type { ExecutionStatus } from '@tidewheel/core';
import type { SeededRandom } from '@tidewheel/testing';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RATE, SESSIONS_PER_WORKER } from './deployment.js';

/** What a client does to a workflow while it runs. */
export type ClientStep =
  | {
      readonly kind: 'signal';
      readonly name: string;
      readonly input: readonly unknown[];
      readonly afterMs: number;
    }
  | { readonly kind: 'cancel'; readonly afterMs: number };

/** One workflow to run: what is done to it, and what must come of it. */
export interface Scenario {
  readonly workflowId: string;
  readonly workflowType: string;
  readonly input: readonly unknown[];
  readonly steps: readonly ClientStep[];
  /** File without which its activity takes every worker along: it must be quarantined first. */
  readonly cure?: string;
  readonly expected: { readonly status: ExecutionStatus; readonly result?: unknown };
}

type Blueprint = Omit<Scenario, 'workflowId' | 'workflowType'>;
type Draw = (random: SeededRandom) => Blueprint;

/** What must come of each type of workflow is computed here, without running it. */
const BLUEPRINTS: Readonly<Record<string, Draw>> = {
  sequence: (random) => {
    const values = integers(random, 3, 7, 100);
    return completes([values], sum(values));
  },
  parallel: (random) => {
    const values = integers(random, 3, 8, 20);
    return completes([values], sum(values.map((value) => value * value)));
  },
  rated: (random) => {
    const values = integers(random, 8, 12, 20);
    return completes([RATE.taskQueue, values], sum(values.map((value) => value * value)));
  },
  sessions: (random) => {
    const values = integers(random, 1, 2, 100);
    const steps = random.int(3, 4);
    return completes([values, steps], sum(values) + values.length * steps);
  },
  heartbeating: (random) => {
    const steps = random.int(3, 12);
    return completes([steps], steps * 3);
  },
  timers: (random) => {
    const delays = integers(random, 2, 5, 400);
    return completes([delays], sum(delays) * 2);
  },
  signals: (random) => {
    const count = random.int(3, 12);
    const values = Array.from({ length: count }, (_, index) => index);
    const steps = values.map((value) => signal(random, 'put', [value]));
    return { ...completes([count], values), steps };
  },
  gate: (random) => {
    if (random.chance(0.5)) return completes([random.int(100, 1_500)], false);
    return { ...completes([3_600_000], true), steps: [signal(random, 'open', [])] };
  },
  tidied: (random) => {
    const value = random.int(1, 100);
    return { ...completes([value], value + 1), steps: [{ kind: 'cancel', afterMs: random.int(0, 3_000) }] };
  },
  cancelled: (random) => ({
    input: [],
    steps: [{ kind: 'cancel', afterMs: random.int(0, 2_000) }],
    expected: { status: 'CANCELED' },
  }),
  failing: () => ({ input: ['on purpose'], steps: [], expected: { status: 'FAILED' } }),
  forgiving: (random) => {
    const value = random.int(1, 100);
    return completes([value], value + 1);
  },
  mixed: (random) => {
    const values = integers(random, 3, 7, 30);
    const branches = values.map((value, index) => (index % 3 === 1 ? (value + index) ** 2 : value + index));
    const received = integers(random, 3, 3, 1_000);
    const steps = received.map((value) => signal(random, 'put', [value]));
    return { ...completes([values], sum(branches) + sum(received)), steps };
  },
};

const TYPES = Object.keys(BLUEPRINTS);

/** One in so many takes workers along, five at least, and what else they do. */
const POISONED_EVERY = 200;
/** The first of them; early, because it takes its time. */
const FIRST_POISONED = 7;

/** Draws the workflow number `index`; every type comes in turn, and now and then one that its workers do not survive. */
export function drawScenario(random: SeededRandom, index: number): Scenario {
  if (index % POISONED_EVERY === FIRST_POISONED) return poisoned(`crash-${index}-poisoned`);
  const workflowType = TYPES[index % TYPES.length] as string;
  const draw = BLUEPRINTS[workflowType] as Draw;
  return { workflowId: `crash-${index}-${workflowType}`, workflowType, ...draw(random) };
}

/** Fills all the room for sessions that workers have, which must be all there when everything else is over. */
export function fullHouse(workers: number): Scenario {
  const type = 'fullHouse';
  return {
    workflowId: `crash-${type}`,
    workflowType: type,
    ...completes([workers * SESSIONS_PER_WORKER], workers),
  };
}

function poisoned(workflowId: string): Scenario {
  const cure = join(tmpdir(), `tidewheel-cure-${process.pid}-${workflowId}`);
  return { workflowId, workflowType: 'poisoned', ...completes([cure], 'cured'), cure };
}

function completes(input: readonly unknown[], result: unknown): Blueprint {
  return { input, steps: [], expected: { status: 'COMPLETED', result } };
}

function signal(random: SeededRandom, name: string, input: readonly unknown[]): ClientStep {
  return { kind: 'signal', name, input, afterMs: random.int(0, 600) };
}

function integers(random: SeededRandom, least: number, most: number, max: number): number[] {
  return Array.from({ length: random.int(least, most) }, () => random.int(1, max));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}
