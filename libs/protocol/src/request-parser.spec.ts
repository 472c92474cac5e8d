import { parseRequest } from './request-parser.js';
import type { FieldFault } from './problem.js';
import type { Route } from './route.js';
import { ROUTES } from './routes.js';

const PARAMS = { namespace: 'default', workflowId: 'order/7 ü' };
const START = { workflowType: 'order', taskQueue: 'orders' };
const RUN_ID = '313216ae-f1bc-4dad-9b3a-480afdc10e93';

function start(body: unknown) {
  return parseRequest(ROUTES.startWorkflow, { params: PARAMS, query: {}, body });
}

function faults(
  route: Route,
  raw: { params?: unknown; query?: unknown; body?: unknown },
): readonly FieldFault[] {
  const parsed = parseRequest(route, { params: PARAMS, query: {}, body: undefined, ...raw });
  return parsed.ok ? [] : parsed.faults;
}

describe('parseRequest', () => {
  it('gives durations in milliseconds and values as payloads', () => {
    const parsed = start({
      ...START,
      input: [1],
      workflowRunTimeout: '1.5 minutes',
      workflowTaskTimeout: 2_000,
      memo: { note: 'x' },
    });
    expect(parsed).toMatchObject({
      ok: true,
      request: {
        params: PARAMS,
        body: {
          ...START,
          workflowRunTimeout: 90_000,
          workflowTaskTimeout: 2_000,
          input: [{ data: Buffer.from('1') }],
          memo: { note: { data: Buffer.from('"x"') } },
        },
      },
    });
  });

  it('takes an absent body as an empty one', () => {
    expect(faults(ROUTES.cancelWorkflow, { body: undefined })).toEqual([]);
    expect(faults(ROUTES.startWorkflow, { body: undefined })).toEqual([
      { field: 'workflowType', reason: 'is required' },
      { field: 'taskQueue', reason: 'is required' },
    ]);
  });

  it.each([null, [], 'text', 1, true])('refuses the body %j', (body) => {
    expect(faults(ROUTES.startWorkflow, { body })).toEqual([{ field: 'body', reason: 'must be an object' }]);
  });

  it('names unknown fields, wherever they are', () => {
    expect(faults(ROUTES.startWorkflow, { body: { ...START, workflowtype: 'x', b: 1 } })).toEqual([
      { field: 'workflowtype', reason: 'is not a known field' },
      { field: 'b', reason: 'is not a known field' },
    ]);
    expect(faults(ROUTES.describeWorkflow, { query: { runid: RUN_ID } })).toEqual([
      { field: 'runid', reason: 'is not a known field' },
    ]);
    const proto: unknown = JSON.parse('{"workflowType":"a","taskQueue":"b","__proto__":{}}');
    expect(faults(ROUTES.startWorkflow, { body: proto })).toEqual([
      { field: '__proto__', reason: 'is not a known field' },
    ]);
  });

  it('repeats only the beginning of a long unknown name', () => {
    const [fault] = faults(ROUTES.startWorkflow, { body: { ...START, ['x'.repeat(5_000)]: 1 } });
    expect(fault?.field).toBe(`${'x'.repeat(100)}...`);
  });

  it.each([
    ['workflowType', 7, 'must be text'],
    ['workflowType', '', 'must not be empty'],
    ['taskQueue', 'a\nb', 'must not contain control characters'],
    ['taskQueue', 'x'.repeat(1_001), 'must have at most 1000 characters, has 1001'],
    ['requestId', '\ud800', 'must be well-formed Unicode'],
    ['workflowRunTimeout', 'soon', 'must be a duration'],
    ['workflowRunTimeout', -1, 'must be a duration'],
    ['workflowRunTimeout', Number.POSITIVE_INFINITY, 'must be a duration'],
    ['workflowRunTimeout', '11 years', 'must be a duration'],
    ['workflowRunTimeout', { seconds: 1 }, 'must be a duration'],
    ['workflowTaskTimeout', '121s', 'must be between 0s and 120s'],
    [
      'workflowIdReusePolicy',
      'MAYBE',
      'must be one of ALLOW_DUPLICATE, ALLOW_DUPLICATE_FAILED_ONLY, REJECT_DUPLICATE',
    ],
    ['workflowIdConflictPolicy', 3, 'must be one of FAIL, USE_EXISTING, TERMINATE_EXISTING'],
    ['input', { a: 1 }, 'must be a list of values'],
    ['memo', [], 'must be an object'],
    ['searchAttributes', 'x', 'must be an object'],
  ])('refuses %s = %j', (field, value, reason) => {
    const found = faults(ROUTES.startWorkflow, { body: { ...START, [field]: value } });
    expect(found).toEqual([{ field, reason: expect.stringContaining(reason) as string }]);
  });

  it.each([
    ['wait', '21s', 'must be between 0s and 20s'],
    ['wait', '', 'must be a duration'],
    ['pageSize', '0', 'must be a whole number from 1 to 256'],
    ['pageSize', '1.5', 'must be a whole number from 1 to 256'],
    ['pageSize', '1e2', 'must be a whole number from 1 to 256'],
    ['fromEventId', '-1', 'must be a whole number from 1'],
    ['fromEventId', '99999999999999999999', 'must be a whole number from 1'],
    ['reverse', 'yes', 'must be true or false'],
    ['runId', 'abc', 'must be a UUID in lower case'],
    ['runId', RUN_ID.toUpperCase(), 'must be a UUID in lower case'],
    ['runId', [RUN_ID, RUN_ID], 'must be text'],
  ])('refuses the query %s = %j', (field, value, reason) => {
    const found = faults(ROUTES.getHistory, { query: { [field]: value } });
    expect(found).toEqual([{ field, reason: expect.stringContaining(reason) as string }]);
  });

  it.each(['yesterday', '2027-01-31', '2027-13-01T00:00:00Z', '2027-01-31T12:00:00 02:00'])(
    'refuses the time %j',
    (startedAfter) => {
      const [fault] = faults(ROUTES.listWorkflows, {
        params: { namespace: 'default' },
        query: { startedAfter },
      });
      expect(fault).toEqual({
        field: 'startedAfter',
        reason: expect.stringContaining('must be a time') as string,
      });
    },
  );

  it('reads the query of a list', () => {
    const query = {
      status: 'RUNNING',
      startedAfter: '2027-01-31T12:00:00+02:00',
      pageSize: '1000',
      pageToken: 'x',
    };
    expect(
      parseRequest(ROUTES.listWorkflows, { params: { namespace: 'default' }, query, body: undefined }),
    ).toMatchObject({
      ok: true,
      request: { query: { status: 'RUNNING', startedAfter: Date.UTC(2027, 0, 31, 10), pageSize: 1_000 } },
    });
  });

  it.each([
    [{ namespace: '-x', workflowId: 'w' }, 'namespace'],
    [{ namespace: 'n'.repeat(256), workflowId: 'w' }, 'namespace'],
    [{ namespace: 'default', workflowId: 'w'.repeat(1_001) }, 'workflowId'],
    [{ namespace: 'default', workflowId: '\u0000' }, 'workflowId'],
  ])('refuses the path %j', (params, field) => {
    expect(faults(ROUTES.describeWorkflow, { params })).toMatchObject([{ field }]);
  });

  it('tells every fault of a request at once', () => {
    const found = faults(ROUTES.startWorkflow, {
      params: { namespace: '', workflowId: 'w' },
      query: { x: '1' },
      body: { workflowType: 1 },
    });
    expect(found.map(({ field }) => field)).toEqual(['namespace', 'x', 'workflowType', 'taskQueue']);
  });
});
