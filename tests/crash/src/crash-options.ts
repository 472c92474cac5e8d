import { createSeededRandom } from '@tidewheel/testing';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Victim } from './chaos.js';
import { VICTIMS } from './chaos.js';

const FORMS = ['server', 'cluster', 'sentinel'] as const;
export type RedisForm = (typeof FORMS)[number];

/** What a crash test runs on: complete and checked. */
export interface CrashOptions {
  /** New workflows are begun for so long ... */
  readonly durationMs: number;
  /** ... or until there were so many. */
  readonly workflows: number;
  /** Workflows that run at the same time. */
  readonly inFlight: number;
  readonly seed: number;
  readonly partitions: number;
  /** How many partitions there are from about the middle on, when there are to be more. */
  readonly growTo: number | undefined;
  /** What Redis is: one server, which comes back with its data, or one whose replica takes over. */
  readonly on: RedisForm;
  readonly workers: number;
  readonly apis: number;
  readonly victims: readonly Victim[];
  /** Where logs and the histories of violations go. */
  readonly outputFolder: string;
}

/** What `--help` prints. */
export const USAGE = `scripts/crash [--minutes N | --workflows N] [--seed S] [--partitions P] [--grow-to P]
              [--kill workers,api,redis] [--on server|cluster|sentinel] [--in-flight N] [--workers N] [--apis N]
              [--output FOLDER]

Runs workflows while processes are killed at random moments, and checks what became of them.`;

/**
 * Reads the command line.
 *
 * @throws TypeError or RangeError saying what is wrong with it
 */
export function readOptions(args: readonly string[]): CrashOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      workflows: { type: 'string' },
      seed: { type: 'string' },
      partitions: { type: 'string', default: '1' },
      'grow-to': { type: 'string' },
      on: { type: 'string', default: 'server' },
      kill: { type: 'string', default: VICTIMS.join(',') },
      'in-flight': { type: 'string', default: '30' },
      workers: { type: 'string', default: '3' },
      apis: { type: 'string', default: '2' },
      output: { type: 'string', default: 'tmp/crash' },
    },
  });
  const seed = values.seed === undefined ? randomInt(2 ** 32) : integer('seed', values.seed, 0);
  createSeededRandom(seed);
  const partitions = integer('partitions', values.partitions, 1);
  return {
    durationMs: values.minutes === undefined ? Infinity : positive('minutes', values.minutes) * 60_000,
    workflows:
      values.workflows === undefined
        ? values.minutes === undefined
          ? 300
          : Infinity
        : integer('workflows', values.workflows, 1),
    inFlight: integer('in-flight', values['in-flight'], 1),
    seed,
    partitions,
    growTo:
      values['grow-to'] === undefined ? undefined : integer('grow-to', values['grow-to'], partitions + 1),
    on: form(values.on),
    workers: integer('workers', values.workers, 1),
    apis: integer('apis', values.apis, 1),
    victims: values.kill.split(',').filter(Boolean).map(victim),
    outputFolder: values.output,
  };
}

function victim(name: string): Victim {
  const found = VICTIMS.find((each) => each === name);
  if (!found) throw new RangeError(`--kill ${name}: allowed are ${VICTIMS.join(', ')}`);
  return found;
}

function form(name: string): RedisForm {
  const found = FORMS.find((each) => each === name);
  if (!found) throw new RangeError(`--on ${name}: allowed are ${FORMS.join(', ')}`);
  return found;
}

function integer(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(`--${name} ${text}: must be an integer, ${least} or more`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new RangeError(`--${name} ${text}: must be a number above 0`);
}
