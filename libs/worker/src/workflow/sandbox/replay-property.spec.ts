import path from 'node:path';
import { ApplicationFailure } from '@tidewheel/common';
import type { Command } from '@tidewheel/core';
import { isCloseCommand } from '@tidewheel/core';
import fc from 'fast-check';
import { FakeHistory, makeSandbox } from './fake-history.fixture.js';
import type { Program } from './program-workflows.fixture.js';
import type { WorkflowSandbox } from './workflow-sandbox.js';

const WORKFLOWS = path.join(__dirname, './program-workflows.fixture.ts');

const cancellationType = fc.constantFrom('TRY_CANCEL', 'WAIT_CANCELLATION_COMPLETED', 'ABANDON');
const ms = fc.integer({ min: 0, max: 1_000 });

const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ op: fc.constant('activity'), cancellationType }) as fc.Arbitrary<Program>,
    fc.record({ op: fc.constant('sleep'), ms }) as fc.Arbitrary<Program>,
    fc.record(
      { op: fc.constant('condition'), signals: fc.nat(3), ms },
      { requiredKeys: ['op', 'signals'] },
    ) as fc.Arbitrary<Program>,
    fc.constant<Program>({ op: 'note' }),
    fc.record({ op: fc.constant('patch'), id: fc.constantFrom('a', 'b') }) as fc.Arbitrary<Program>,
    fc.record({ op: fc.constant('timeout'), ms, program: tie('program') }) as fc.Arbitrary<Program>,
    fc.record({
      op: fc.constantFrom('shield', 'scope', 'try'),
      program: tie('program'),
    }) as fc.Arbitrary<Program>,
    fc.record({
      op: fc.constantFrom('all', 'race', 'sequence'),
      programs: fc.array(tie('program'), { maxLength: 4 }),
    }) as fc.Arbitrary<Program>,
  ),
}));

/** What may happen between two workflow tasks; the numbers choose among what is pending. */
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('timer' as const), choice: fc.nat(100) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('activity' as const), choice: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('signal' as const), choice: fc.nat(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'nothing' as const), choice: fc.nat(1) }),
  },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

const round = fc.record({
  happenings: fc.array(happening, { maxLength: 4 }),
  isEvicted: fc.boolean(),
  isRefused: fc.boolean(),
});

/** The run's pending timers and activities, as the engine would know them. */
class Pending {
  readonly timers: readonly string[];
  readonly activities: readonly string[];

  constructor(history: FakeHistory) {
    const idOf = new Map<number, string>();
    const closed = new Set<number>();
    const startedTimers: string[] = [];
    const doneTimers = new Set<string>();
    for (const { eventType, eventId, attributes } of history.events) {
      if (eventType === 'ActivityTaskScheduled') idOf.set(eventId, attributes.activityId);
      if (eventType === 'TimerStarted') startedTimers.push(attributes.timerId);
      if (eventType === 'TimerFired' || eventType === 'TimerCanceled') doneTimers.add(attributes.timerId);
      if (
        eventType === 'ActivityTaskCompleted' ||
        eventType === 'ActivityTaskFailed' ||
        eventType === 'ActivityTaskCanceled'
      ) {
        closed.add(attributes.scheduledEventId);
      }
    }
    this.timers = startedTimers.filter((id) => !doneTimers.has(id));
    this.activities = [...idOf].flatMap(([eventId, id]) => (closed.has(eventId) ? [] : [id]));
  }
}

function happen(history: FakeHistory, { kind, choice }: Happening): void {
  const pending = new Pending(history);
  switch (kind) {
    case 'timer': {
      const timerId = pending.timers[choice % Math.max(1, pending.timers.length)];
      if (timerId !== undefined) history.fireTimer(timerId);
      break;
    }
    case 'activity': {
      const activityId = pending.activities[choice % Math.max(1, pending.activities.length)];
      if (activityId === undefined) break;
      if (choice % 5 === 0) history.failActivity(activityId, ApplicationFailure.nonRetryable('chance'));
      else if (choice % 7 === 0) history.cancelActivity(activityId);
      else history.completeActivity(activityId, `greeting ${choice}`);
      break;
    }
    case 'signal':
      history.signal('step', choice === 0 ? 'greet' : 'plain');
      break;
    case 'cancel':
      history.requestCancel();
      break;
    case 'nothing':
      break;
  }
}

/** Commands that cannot be compared by value: stack traces show the way through the SDK. */
function withoutStacks(commands: readonly Command[]): unknown {
  return JSON.parse(
    JSON.stringify(commands, (key, value: unknown) => (key === 'stackTrace' ? undefined : value)),
  );
}

function runTask(sandbox: WorkflowSandbox, fresh: WorkflowSandbox, history: FakeHistory, sticky: boolean) {
  history.beginTask();
  let result = sandbox.activate(sticky ? history.stickyRequest() : history.request());
  if (result.kind === 'cacheMiss') result = sandbox.activate(history.request());
  const replayed = fresh.activate(history.request());
  if (result.kind !== 'completed' || replayed.kind !== 'completed') {
    throw new Error(`${JSON.stringify(result)} and in a replay ${JSON.stringify(replayed)}`);
  }
  expect(withoutStacks(replayed.commands)).toEqual(withoutStacks(result.commands));
  return result.commands;
}

test('whatever a workflow does and whatever happens to it, its replay gives the same commands', async () => {
  const sandbox = await makeSandbox(WORKFLOWS);
  const fresh = await makeSandbox(WORKFLOWS, { maxCachedWorkflows: 0, maxCachedBytes: 0 });
  let runs = 0;
  let closed = 0;
  fc.assert(
    fc.property(program, fc.array(round, { minLength: 1, maxLength: 12 }), (code, rounds) => {
      const history = new FakeHistory('interpret', [code], `run-${runs++}`);
      for (const { happenings, isEvicted, isRefused } of rounds) {
        const commands = runTask(sandbox, fresh, history, !isEvicted);
        const closes = commands.some(({ commandType }) => isCloseCommand(commandType));
        if (closes && isRefused) {
          // A signal came meanwhile: the engine refuses to close.
          history.failTask();
          history.signal('step', 'late');
          continue;
        }
        history.completeTask(commands);
        if (closes) {
          closed++;
          break;
        }
        for (const what of happenings) happen(history, what);
      }
      if (!history.events.some(({ eventType }) => eventType === 'WorkflowTaskCompleted')) return;
      expect(sandbox.activate(history.queryRequest('__stack_trace'))).toMatchObject({ kind: 'completed' });
    }),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 400) },
  );
  // Chance must lead somewhere, and not everything to a replay.
  expect(closed).toBeGreaterThan(runs / 10);
  expect(sandbox.stats.hits).toBeGreaterThan(runs / 10);
});
