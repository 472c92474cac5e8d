import {
  BusyWorkflowError,
  DeadlineExceededError,
  InvalidArgumentError,
  LimitExceededError,
  NamespaceAlreadyExistsError,
  NamespaceNotFoundError,
  NoPollerError,
  WorkerNotFoundError,
  QueryFailedError,
  UnavailableError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowNotReadyError,
} from '@tidewheel/core';
import { PROBLEM_STATUS } from '@tidewheel/protocol';
import { refusalOf, unsoundRequest } from './problem.js';

describe('refusalOf', () => {
  it.each([
    [new NamespaceNotFoundError('n'), 'NAMESPACE_NOT_FOUND', 404],
    [new NamespaceAlreadyExistsError('n'), 'NAMESPACE_ALREADY_EXISTS', 409],
    [new WorkflowNotFoundError('w', undefined), 'WORKFLOW_NOT_FOUND', 404],
    [new WorkflowExecutionAlreadyStartedError('w', 'r', 'q'), 'WORKFLOW_ALREADY_STARTED', 409],
    [new QueryFailedError('no'), 'QUERY_FAILED', 400],
    [new WorkflowNotReadyError('no'), 'WORKFLOW_NOT_READY', 412],
    [new NoPollerError('q'), 'NO_POLLER', 412],
    [new WorkerNotFoundError('w'), 'WORKER_NOT_FOUND', 404],
    [new BusyWorkflowError('w'), 'BUSY_WORKFLOW', 429],
    [new LimitExceededError('l', 'no'), 'LIMIT_EXCEEDED', 400],
    [new DeadlineExceededError('it'), 'DEADLINE_EXCEEDED', 504],
    [new UnavailableError('no'), 'UNAVAILABLE', 503],
  ] as const)('keeps code and message of %s', (error, code, status) => {
    expect(refusalOf(error)).toEqual({ code, detail: error.message });
    expect(PROBLEM_STATUS[code]).toBe(status);
  });

  it('names the field of an argument that is not sound', () => {
    expect(refusalOf(new InvalidArgumentError('input', 'is too large'))).toEqual({
      code: 'INVALID_ARGUMENT',
      detail: 'input: is too large',
      faults: [{ field: 'input', reason: 'is too large' }],
    });
    const faults = [
      { field: 'a', reason: 'is wrong' },
      { field: 'b', reason: 'is wrong' },
    ] as const;
    expect(refusalOf(unsoundRequest(faults))).toEqual({
      code: 'INVALID_ARGUMENT',
      detail: 'a: is wrong',
      faults,
    });
  });

  it.each([
    ['script startExecution: OOM command not allowed when used memory > maxmemory', 'out of memory'],
    ['MISCONF Redis is configured to save RDB snapshots', 'cannot write its data to disk'],
    ["READONLY You can't write against a read only replica.", 'not ready for writes'],
    ['LOADING Redis is loading the dataset in memory', 'not ready for writes'],
    ['NOAUTH Authentication required.', 'user or password'],
    ['connect ECONNREFUSED 127.0.0.1:6379', 'cannot be reached'],
    ['Connection is closed.', 'cannot be reached'],
  ])('takes "%s" as the store being unavailable, and says what to do', (message, detail) => {
    const refusal = refusalOf(new Error(message));
    expect(refusal).toMatchObject({ code: 'UNAVAILABLE', detail: expect.stringContaining(detail) as string });
    expect(refusal?.detail).not.toContain('127.0.0.1');
  });

  it.each([
    new Error('something else'),
    new TypeError('x is not a function'),
    'text',
    undefined,
    { status: 400 },
  ])('does not excuse %p', (error) => {
    expect(refusalOf(error)).toBeUndefined();
  });
});
