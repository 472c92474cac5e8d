import path from 'node:path';
import { ApplicationFailure } from '@tidewheel/common';
import { expectReplay, FakeHistory, makeSandbox, resultOf, runWithTimers } from './fake-history.fixture.js';
import type { WorkflowSandbox } from './workflow-sandbox.js';

let sandbox: WorkflowSandbox;
beforeAll(async () => {
  sandbox = await makeSandbox(path.join(__dirname, './global-workflows.fixture.ts'));
});

describe('time and chance', () => {
  test('now is the start of the workflow task', () => {
    const history = new FakeHistory('times');
    const result = runWithTimers(sandbox, history) as unknown[];
    const [first, second] = history.events
      .filter(({ eventType }) => eventType === 'WorkflowTaskStarted')
      .map(({ eventTimeMs }) => eventTimeMs);
    expect(result).toEqual([first, new Date(first ?? 0).toISOString(), true, 0, second, '2026']);
  });

  test('random values are the same for the same run and differ between runs', () => {
    const run = (runId: string) => resultOf(new FakeHistory('chances', [], runId).run(sandbox));
    expect(run('one')).toEqual(run('one'));
    expect(run('one')).not.toEqual(run('two'));
    expect((run('one') as string[])[1]).toMatch(
      /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    );
  });

  test('setTimeout is a durable timer, and one cleared at once was never there', () => {
    const history = new FakeHistory('usesTimeouts');
    expect(history.run(sandbox).commands).toEqual([
      { commandType: 'StartTimer', attributes: { timerId: '1', startToFireTimeoutMs: 10 } },
    ]);
    history.fireTimer('1');
    expect(resultOf(history.run(sandbox))).toEqual(['ten', 'microtask']);
    expectReplay(sandbox, history);
  });
});

test('the globals of workflow code are deterministic, frozen and of its own realm', () => {
  expect(resultOf(new FakeHistory('globals').run(sandbox))).toEqual({
    absent: [],
    frozen: Array(7).fill(true),
    href: 'https://example.org:8080/a?x=1&x=2&y=%C3%BC',
    xs: ['1', '2'],
    error: 'MyError: m',
    copied: [true, 5, true, true],
    text: 'grüße 🎉',
    isIn: true,
    date: true,
    weak: 1,
  });
});

test('nothing that workflow code gets hold of leads out of its realm', () => {
  const history = new FakeHistory('leaks', [{ deep: [{ x: 1 }] }]);
  history.run(sandbox);
  history.failActivity(
    '1',
    ApplicationFailure.create({ message: 'm', details: [new Uint8Array([1]), { a: 1 }] }),
  );
  expect(resultOf(history.run(sandbox))).toEqual([]);
});

test('hardening the realm leaves the host alone', () => {
  const shared = [
    Object,
    Object.prototype,
    Function.prototype,
    Array.prototype,
    Promise,
    Buffer,
    URL.prototype,
    globalThis,
  ];
  expect(shared.map((value) => Object.isFrozen(value))).toEqual(shared.map(() => false));
});
