import { ROUTES } from '@tidewheel/protocol';
import type { Route } from '@tidewheel/protocol';
import fc from 'fast-check';
import { RecordingService } from './recording-service.fixture.js';
import { startTestServer } from './test-server.fixture.js';
import type { TestServer } from './test-server.fixture.js';

const NAMES = {
  namespace: 'default',
  workflowId: 'w',
  signalName: 's',
  queryType: 'q',
  taskQueue: 't',
  deploymentName: 'd',
  buildId: '1',
};
const JSON_TYPE = { 'content-type': 'application/json' };

let recording: RecordingService;
let server: TestServer;

beforeAll(async () => {
  recording = new RecordingService();
  server = await startTestServer(recording.service, undefined, recording.workers);
});
afterAll(() => server.close());
beforeEach(() => void recording.calls.splice(0));

const START = {
  workflowType: 'a',
  taskQueue: 'b',
  input: [1],
  workflowRunTimeout: '1s',
  workflowExecutionTimeout: 5,
  workflowTaskTimeout: '1s',
  identity: 'i',
  requestId: 'r',
  workflowIdReusePolicy: 'REJECT_DUPLICATE',
  workflowIdConflictPolicy: 'FAIL',
  memo: { a: 1 },
  searchAttributes: { a: 1 },
  header: { a: 1 },
};

/** Routes that change something, each with a body that it accepts. */
const CHANGING: readonly (readonly [Route, Readonly<Record<string, unknown>>])[] = [
  [ROUTES.createNamespace, { name: 'n', retention: '1d', description: 'd' }],
  [ROUTES.addSearchAttributes, { searchAttributes: { City: 'Keyword' } }],
  [ROUTES.startWorkflow, START],
  [
    ROUTES.signalWithStart,
    {
      ...START,
      workflowIdConflictPolicy: 'USE_EXISTING',
      signalInput: [1],
      signalHeader: { a: 1 },
      signalRequestId: 'r',
    },
  ],
  [ROUTES.signalWorkflow, { input: [1], identity: 'i', requestId: 'r', header: {} }],
  [ROUTES.cancelWorkflow, { reason: 'because', identity: 'i', requestId: 'r' }],
  [ROUTES.registerWorker, { identity: 'i', taskQueue: 'q', workflowTypes: ['w'], activityTypes: ['a'] }],
  [ROUTES.heartbeatActivityTask, { taskToken: 'YQ', details: [1] }],
  [ROUTES.completeActivityTask, { taskToken: 'YQ', identity: 'i' }],
  [ROUTES.failActivityTask, { taskToken: 'YQ', identity: 'i', failure: { message: 'no' } }],
  [ROUTES.cancelActivityTask, { taskToken: 'YQ', identity: 'i', details: [1] }],
  [
    ROUTES.completeWorkflowTask,
    { taskToken: 'YQ', identity: 'i', commands: [], queryResults: { a: { result: 1 } } },
  ],
  [
    ROUTES.failWorkflowTask,
    { taskToken: 'YQ', identity: 'i', cause: 'UNSPECIFIED', failure: { message: 'no' } },
  ],
  [ROUTES.completeQueryTask, { taskToken: 'YQ', errorMessage: 'no' }],
  [ROUTES.shutdownWorker, { workerToken: 'YQ', taskTokens: ['YQ'] }],
  [
    ROUTES.updateTaskQueueConfig,
    {
      identity: 'i',
      taskQueueType: 'ACTIVITY',
      updateQueueRateLimit: { rateLimit: { requestsPerSecond: 0.1, burst: 2 }, reason: 'because' },
    },
  ],
  [
    ROUTES.setWorkerDeploymentCurrentVersion,
    { buildId: '1', conflictToken: 'a', identity: 'i', ignoreMissingTaskQueues: true, allowNoPollers: true },
  ],
  [ROUTES.setWorkerDeploymentRampingVersion, { buildId: '1', percentage: 5 }],
  [ROUTES.updateWorkflowOptions, { versioningOverride: { behavior: 'AUTO_UPGRADE' }, identity: 'i' }],
  [ROUTES.terminateWorkflow, { reason: 'because', details: [1], identity: 'i' }],
];

const pathOf = (route: Route, names: Readonly<Record<string, string>> = NAMES): string =>
  route.path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => encodeURIComponent(names[name] ?? ''));

/** Values that fields do not take, but for the exceptions below. */
const UNSOUND: readonly unknown[] = [
  null,
  true,
  -1,
  '',
  '\u0000',
  'x'.repeat(1_001),
  [[1]],
  { a: { metadata: {} } },
];

/** Texts for people may hold any character, named values are objects, and lists of values are lists. */
function isSound(field: string, value: unknown): boolean {
  if (['description', 'reason'].includes(field)) return typeof value === 'string' && value.length <= 1_000;
  if (field === 'errorMessage') return typeof value === 'string';
  // Any text of that alphabet may be a token; what it stands for is looked at later.
  if (['taskToken', 'workerToken'].includes(field)) return value === 'x'.repeat(1_001);
  if (['memo', 'searchAttributes', 'header', 'signalHeader'].includes(field)) return isPlainObject(value);
  if (['ignoreMissingTaskQueues', 'allowNoPollers'].includes(field)) return typeof value === 'boolean';
  if (field === 'buildId') return value === '';
  if (field === 'versioningOverride') return value === null;
  if (field === 'conflictToken') return typeof value === 'string';
  return ['input', 'signalInput', 'details'].includes(field) && Array.isArray(value);
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

jest.setTimeout(120_000);

describe('input that is not sound', () => {
  it('is told apart: the bodies that the tests spoil are sound', async () => {
    for (const [route, body] of CHANGING) {
      expect((await server.http.post(pathOf(route), body)).status).toBe(route.success.status);
    }
    expect(recording.changes).toHaveLength(CHANGING.length);
  });

  it('is refused by name and changes nothing when any one field has a wrong value', async () => {
    const spoiled = fc
      .constantFrom(...CHANGING)
      .chain(([route, body]) =>
        fc.tuple(fc.constant(route), fc.constant(body), fc.constantFrom(...Object.keys(body))),
      );
    await fc.assert(
      fc.asyncProperty(spoiled, fc.constantFrom(...UNSOUND), async ([route, body, field], value) => {
        fc.pre(!isSound(field, value));
        const { status, problem } = await server.http.post(pathOf(route), { ...body, [field]: value });
        expect(status).toBe(400);
        expect(problem?.errors?.some((fault) => fault.field.startsWith(field))).toBe(true);
        expect(recording.calls).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it.each(['0', '-1', '1e999', '-1e999', '"5"', '"NaN"', 'null', 'true'])(
    'is refused by name when it is %s for a dispatch rate',
    async (rate) => {
      recording.calls.splice(0);
      const path = pathOf(ROUTES.updateTaskQueueConfig);
      const body = `{"updateQueueRateLimit":{"rateLimit":{"requestsPerSecond":${rate}}}}`;
      const { status, problem } = await server.http.send('POST', path, body, { headers: JSON_TYPE });
      expect(status).toBe(400);
      expect(problem?.field).toBe('updateQueueRateLimit.rateLimit.requestsPerSecond');
      expect(problem?.errors?.[0]?.reason).toMatch(/greater than 0/);
      expect(recording.calls).toEqual([]);
    },
  );

  it('is refused by name and changes nothing when there is any unknown field', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CHANGING),
        fc.string(),
        fc.jsonValue(),
        async ([route, body], name, value) => {
          fc.pre(!(name in (route.body?.shape ?? {})) && name.isWellFormed());
          const { status, problem } = await server.http.post(pathOf(route), { ...body, [name]: value });
          expect(status).toBe(400);
          expect(problem?.errors).toContainEqual({
            field: name === '' ? 'body' : name,
            reason: 'is not a known field',
          });
          expect(recording.calls).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('never makes the server fail, whatever the JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...CHANGING), fc.json(), async ([route], body) => {
        recording.calls.splice(0);
        const { status } = await server.http.send('POST', pathOf(route), body, { headers: JSON_TYPE });
        expect(status).toBeLessThan(500);
        expect(recording.changes).toHaveLength(status < 300 ? 1 : 0);
      }),
      { numRuns: 100 },
    );
  });

  it('never makes the server fail, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CHANGING),
        fc.uint8Array({ minLength: 1 }),
        async ([route], bytes) => {
          recording.calls.splice(0);
          const body = Buffer.from(bytes);
          const { status } = await server.http.send('POST', pathOf(route), body, { headers: JSON_TYPE });
          expect(status).toBe(400);
          expect(recording.calls).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('never makes the server fail, whatever the names in the path', async () => {
    const name = fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.constant('%'), fc.constant('..'));
    const names = fc.record({
      namespace: name,
      workflowId: name,
      signalName: name,
      queryType: name,
      taskQueue: name,
    });
    const wellFormed = (values: object): boolean =>
      Object.values(values).every((value: string) => value.isWellFormed());
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Route>(...Object.values<Route>(ROUTES)),
        names,
        async (route, values) => {
          fc.pre(wellFormed(values));
          const { status } = await server.http.send(route.method.toUpperCase(), pathOf(route, values));
          expect(status).toBeLessThan(500);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('never makes the server fail, whatever the path and query', async () => {
    const character = fc.constantFrom(...'/%.?&=+ab019~[]{}|\\^`"<>;:@!$\'()*,-_'.split(/(?:)/));
    const path = fc.string({ unit: character, maxLength: 60 });
    const start = fc.constantFrom(
      '/',
      '/api/v1/namespaces/',
      '/api/v1/namespaces/default/workflows',
      '/docs/',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'HEAD'),
        start,
        path,
        async (method, prefix, rest) => {
          const { status } = await server.http.send(method, `${prefix}${rest}`);
          expect(status).toBeLessThan(500);
          expect(recording.changes).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });
});
