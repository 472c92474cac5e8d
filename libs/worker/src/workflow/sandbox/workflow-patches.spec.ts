import path from 'node:path';
import { commandTypes, expectReplay, FakeHistory, makeSandbox, resultOf } from './fake-history.fixture.js';
import type { WorkflowSandbox } from './workflow-sandbox.js';

let sandbox: WorkflowSandbox;
beforeAll(async () => {
  sandbox = await makeSandbox(path.join(__dirname, './patch-workflows.fixture.ts'));
});

test('new runs take the patch and record it once; the replay agrees', () => {
  const history = new FakeHistory('patches');
  expect(commandTypes(history.run(sandbox))).toEqual(['RecordMarker', 'StartTimer']);
  history.fireTimer('1');
  const result = history.run(sandbox);
  expect(commandTypes(result)).toEqual(['RecordMarker', 'CompleteWorkflowExecution']);
  expect(resultOf(result)).toEqual(['a', 'a', 'b']);
  expectReplay(sandbox, history);
});

test('a run of older code keeps to the old branch of what it has passed, and takes the new one of what lies ahead', () => {
  const history = new FakeHistory('patches');
  history.beginTask();
  history.completeTask([
    { commandType: 'StartTimer', attributes: { timerId: '1', startToFireTimeoutMs: 1 } },
  ]);
  history.fireTimer('1');
  const result = history.run(sandbox, { sticky: false });
  expect(resultOf(result)).toEqual(['no a', 'no a', 'b']);
  expectReplay(sandbox, history);
});

test('a deprecated patch accepts the marker of its patch, and its own may be left behind', () => {
  const history = new FakeHistory('deprecates');
  expect(commandTypes(history.run(sandbox))).toEqual(['RecordMarker', 'StartTimer']);
  history.fireTimer('1');
  history.run(sandbox);
  expectReplay(sandbox, history);
  const events = history.events.map((event) =>
    event.eventType === 'WorkflowExecutionStarted'
      ? { ...event, attributes: { ...event.attributes, workflowType: 'withoutPatch' } }
      : event,
  );
  const later = new FakeHistory('withoutPatch');
  later.events.splice(0, 1, ...events);
  expectReplay(sandbox, later);
});

test('code without the patch cannot replay a run that took it', () => {
  const history = new FakeHistory('patches');
  history.run(sandbox);
  const later = new FakeHistory('withoutPatch');
  later.events.push(...history.events.slice(1));
  later.beginTask();
  expect(sandbox.activate(later.request())).toMatchObject({
    failure: {
      message: expect.stringContaining('MarkerRecorded (markerName "core_patch", patch "a")') as string,
    },
  });
});
