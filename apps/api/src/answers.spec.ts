import type { WorkflowOutcome, WorkflowService } from '@tidewheel/engine';
import { RecordingService } from './recording-service.fixture.js';
import { startTestServer } from './test-server.fixture.js';
import type { TestServer } from './test-server.fixture.js';

const WORKFLOW = '/api/v1/namespaces/default/workflows/w';
const RUN_ID = '313216ae-f1bc-4dad-9b3a-480afdc10e93';

let server: TestServer;

async function serve(overrides: Partial<WorkflowService> = {}): Promise<void> {
  server = await startTestServer(new RecordingService(overrides).service);
}

afterEach(() => server.close());

describe('outcomes', () => {
  const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"a":1}') };
  const outcomes: [WorkflowOutcome, object][] = [
    [
      { runId: RUN_ID, status: 'COMPLETED', result: [payload] },
      { status: 'COMPLETED', result: { a: 1 } },
    ],
    [
      { runId: RUN_ID, status: 'COMPLETED', result: [] },
      { status: 'COMPLETED', result: null },
    ],
    [
      {
        runId: RUN_ID,
        status: 'FAILED',
        failure: { message: 'no', info: { kind: 'application', nonRetryable: true } },
      },
      { status: 'FAILED', failure: { message: 'no', applicationFailureInfo: { nonRetryable: true } } },
    ],
    [
      { runId: RUN_ID, status: 'CANCELED', details: [payload] },
      { status: 'CANCELED', details: [{ a: 1 }] },
    ],
    [
      { runId: RUN_ID, status: 'TERMINATED', reason: 'r', details: [] },
      { status: 'TERMINATED', reason: 'r', details: [] },
    ],
    [{ runId: RUN_ID, status: 'TIMED_OUT' }, { status: 'TIMED_OUT' }],
    [
      { runId: RUN_ID, status: 'CONTINUED_AS_NEW', newRunId: 'n' },
      { status: 'CONTINUED_AS_NEW', newRunId: 'n' },
    ],
  ];

  it.each(outcomes)('%j', async (outcome, expected) => {
    await serve({ getResult: () => Promise.resolve(outcome) });
    const { json } = await server.http.get(`${WORKFLOW}/result`);
    expect(json).toEqual({ runId: RUN_ID, ...expected });
  });
});

describe('descriptions', () => {
  it('write pending work with times and durations as text', async () => {
    const described = await new RecordingService().service.describeWorkflow({
      namespace: 'default',
      workflowId: 'w',
    });
    await serve({
      describeWorkflow: () =>
        Promise.resolve({
          ...described,
          closeTimeMs: 1_000,
          runExpiresMs: 2_000,
          executionExpiresMs: 3_000,
          memo: {},
          searchAttributes: {},
          pendingActivities: [
            {
              activityId: '1',
              activityType: 'charge',
              taskQueue: 'q',
              state: 'BACKING_OFF',
              attempt: 2,
              scheduledTimeMs: 0,
              lastStartedTimeMs: 1,
              nextAttemptTimeMs: 2,
              scheduleToCloseTimeoutMs: 0,
              scheduleToStartTimeoutMs: 0,
              startToCloseTimeoutMs: 60_000,
              heartbeatTimeoutMs: 0,
              heartbeatDetails: [],
              lastFailure: { message: 'no' },
              retryPolicy: {
                initialIntervalMs: 1_000,
                backoffCoefficient: 2,
                maximumIntervalMs: 100_000,
                maximumAttempts: 0,
                nonRetryableErrorTypes: [],
              },
            },
          ],
          pendingTimers: [{ timerId: '1', firesAtMs: 0 }],
          pendingWorkflowTask: {
            state: 'STARTED',
            attempt: 1,
            scheduledTimeMs: 0,
            startedTimeMs: 1,
            sticky: true,
          },
        }),
    });
    const { json } = await server.http.get(WORKFLOW);
    expect(json).toMatchObject({
      runExpirationTime: '1970-01-01T00:00:02.000Z',
      pendingActivities: [
        { state: 'BACKING_OFF', retryPolicy: { initialInterval: '1s' }, lastFailure: { message: 'no' } },
      ],
      pendingTimers: [{ timerId: '1', fireTime: '1970-01-01T00:00:00.000Z' }],
      pendingWorkflowTask: { state: 'STARTED', sticky: true },
    });
  });
});

describe('documentation', () => {
  beforeEach(() => serve());

  it('serves the OpenAPI document', async () => {
    const { status, json } = await server.http.get('/openapi.json');
    expect(status).toBe(200);
    expect(json).toMatchObject({ openapi: '3.1.1', info: { title: 'Tidewheel' } });
  });

  it('serves a page whose every file comes from here', async () => {
    const page = await server.http.get('/docs');
    expect(page.headers['content-type']).toContain('text/html');
    const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => String(file));
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      expect(file).toMatch(/^\/docs\//);
      expect((await server.http.get(file)).status).toBe(200);
    }
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  });
});
