import { status } from '@grpc/grpc-js';
import {
  ActivityTaskNotFoundError,
  BusyWorkflowError,
  DeadlineExceededError,
  InvalidArgumentError,
  LimitExceededError,
  NamespaceAlreadyExistsError,
  NamespaceNotFoundError,
  NoPollerError,
  QueryFailedError,
  UnavailableError,
  UnhandledCommandError,
  WorkerNotFoundError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowNotReadyError,
  WorkflowTaskNotFoundError,
} from '@tidewheel/core';
import { accessRefused, invalidArgument, isRefusal, toServiceError, workflowCompleted } from './errors.js';
import { statusOf } from './status-details.fixture.js';

const RUN_ID = '3d1b1f6e-3a24-4a9c-8d4e-3f3a0f0c1a11';

type Case = readonly [Error, number, string | RegExp, (readonly [string, object])?];

const CASES: readonly Case[] = [
  [
    new InvalidArgumentError('retryPolicy.initialInterval', 'must be sound'),
    status.INVALID_ARGUMENT,
    'retry_policy.initial_interval: must be sound',
  ],
  [
    new NamespaceNotFoundError('n'),
    status.NOT_FOUND,
    'Namespace n is not found.',
    ['NamespaceNotFoundFailure', { namespace: 'n' }],
  ],
  [
    new NamespaceAlreadyExistsError('n'),
    status.ALREADY_EXISTS,
    'Namespace already exists.',
    ['NamespaceAlreadyExistsFailure', {}],
  ],
  [
    new WorkflowNotFoundError('w', undefined),
    status.NOT_FOUND,
    'workflow execution not found for workflow ID "w"',
    ['NotFoundFailure', {}],
  ],
  [
    new WorkflowNotFoundError('w', RUN_ID),
    status.NOT_FOUND,
    `workflow execution not found for workflow ID "w" and run ID "${RUN_ID}"`,
    ['NotFoundFailure', {}],
  ],
  [workflowCompleted(), status.NOT_FOUND, 'workflow execution already completed', ['NotFoundFailure', {}]],
  [
    new WorkflowExecutionAlreadyStartedError('w', RUN_ID, 'req'),
    status.ALREADY_EXISTS,
    /^Workflow execution is already running/,
    [
      'WorkflowExecutionAlreadyStartedFailure',
      { startRequestId: 'req', runId: RUN_ID, firstExecutionRunId: RUN_ID },
    ],
  ],
  [new WorkflowTaskNotFoundError(), status.NOT_FOUND, 'Workflow task not found.', ['NotFoundFailure', {}]],
  [
    new ActivityTaskNotFoundError(),
    status.NOT_FOUND,
    'invalid activityID or activity already timed out or invoking workflow is completed',
    ['NotFoundFailure', {}],
  ],
  [new UnhandledCommandError(), status.INVALID_ARGUMENT, 'UnhandledCommand'],
  [
    new QueryFailedError('no such handler', { cause: { message: 'no such handler', source: 'sdk' } }),
    status.INVALID_ARGUMENT,
    'no such handler',
    ['QueryFailedFailure', { failure: { message: 'no such handler', source: 'sdk' } }],
  ],
  [
    new QueryFailedError('no'),
    status.INVALID_ARGUMENT,
    'no',
    ['QueryFailedFailure', { failure: { message: 'no' } }],
  ],
  [
    new WorkflowNotReadyError('failing'),
    status.FAILED_PRECONDITION,
    'failing',
    ['WorkflowNotReadyFailure', {}],
  ],
  [new WorkerNotFoundError('w'), status.NOT_FOUND, /^there is no worker "w"/],
  [new NoPollerError('q'), status.FAILED_PRECONDITION, /^no poller seen for task queue recently/],
  [
    new BusyWorkflowError('w'),
    status.RESOURCE_EXHAUSTED,
    'Workflow is busy.',
    ['ResourceExhaustedFailure', { cause: 5, scope: 1 }],
  ],
  [new LimitExceededError('signals', 'too many'), status.INVALID_ARGUMENT, 'too many'],
  [new DeadlineExceededError('it'), status.DEADLINE_EXCEEDED, 'it took too long'],
  [new UnavailableError('away'), status.UNAVAILABLE, 'away'],
  [invalidArgument('page_size', 'is odd'), status.INVALID_ARGUMENT, 'page_size: is odd'],
  [
    accessRefused('PERMISSION_DENIED', 'go away'),
    status.PERMISSION_DENIED,
    'go away',
    ['PermissionDeniedFailure', { reason: 'go away' }],
  ],
  [accessRefused('UNAUTHENTICATED', 'who?'), status.UNAUTHENTICATED, 'who?'],
];

const TITLED = CASES.map((refusal) => ({ title: `${refusal[0].name}: ${refusal[0].message}`, refusal }));

describe('what is thrown', () => {
  it.each(TITLED)(
    '$title has its code, message and detail',
    ({ refusal: [error, code, message, detail] }) => {
      const answer = statusOf(toServiceError(error));
      expect(answer.code).toBe(code);
      if (typeof message === 'string') expect(answer.message).toBe(message);
      else expect(answer.message).toMatch(message);
      if (detail) {
        const [name, fields] = detail;
        expect(answer.details).toMatchObject([{ name, fields }]);
      } else expect(answer.details).toEqual([]);
      expect(isRefusal(error)).toBe(true);
    },
  );

  it('by mistake tells nothing of itself', () => {
    const answer = statusOf(toServiceError(new Error('secret')));
    expect(answer).toMatchObject({ code: status.INTERNAL, details: [] });
    expect(answer.message).not.toContain('secret');
    expect(isRefusal(new Error('secret'))).toBe(false);
  });
});
