import { waitUntil } from '@tidewheel/testing';
import { NativeConnection, Worker } from '@tidewheel/worker';
import { resolve } from 'node:path';
import type { HttpClient } from './http-client.fixture.js';
import { startRunningApi } from './running-api.fixture.js';
import type { RunningApi } from './running-api.fixture.js';

const WORKFLOWS = '/api/v1/namespaces/default/workflows';
const START = { workflowType: 'order', taskQueue: 'orders' };

let api: RunningApi;
let http: HttpClient;
let connection: NativeConnection;
let worker: Worker;
let working: Promise<void>;

beforeAll(async () => {
  api = await startRunningApi();
  http = api.http;
  connection = await NativeConnection.connect({ url: api.redisUrl });
  worker = await Worker.create({
    connection,
    taskQueue: 'orders',
    workflowsPath: resolve(__dirname, './real-workflows.fixture.ts'),
    activities: {
      charge: async (cents: number): Promise<string> => {
        if (cents > 100) throw new RangeError('too much');
        return Promise.resolve(`${cents} cents`);
      },
    },
  });
  working = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await working;
  await connection.close();
  await api.stop();
});

describe('a workflow on a real worker, over HTTP', () => {
  it('is queried, signalled, and gives its result', async () => {
    const path = `${WORKFLOWS}/accepted`;
    await http.post(path, { ...START, input: [7] });
    const state = async (): Promise<unknown> =>
      (await http.post(`${path}/query/state`, { queryArgs: ['is '] })).json;
    await waitUntil(
      async () => (await http.post(`${path}/query/state`, { queryArgs: [''] })).status === 200,
      {
        what: 'the workflow to answer',
        timeoutMs: 100_000,
      },
    );
    expect(await state()).toEqual({ result: 'is waiting' });
    const failed = await http.post(`${path}/query/other`);
    expect(failed).toMatchObject({ status: 400, problem: { code: 'QUERY_FAILED' } });
    const result = http.get(`${path}/result`);
    await http.post(`${path}/signal/approve`, { input: ['Ada'] });
    expect((await result).json).toMatchObject({
      status: 'COMPLETED',
      result: { receipt: '7 cents', by: 'Ada' },
    });
    expect(await state()).toEqual({ result: 'is Ada' });
  });

  it('fails with the tree of what went wrong', async () => {
    const path = `${WORKFLOWS}/refused`;
    await http.post(path, { ...START, input: [700] });
    await http.post(`${path}/signal/approve`, { input: ['Ada'] });
    expect((await http.get(`${path}/result`)).json).toMatchObject({
      status: 'FAILED',
      failure: {
        activityFailureInfo: { activityType: 'charge', retryState: 'MAXIMUM_ATTEMPTS_REACHED' },
        cause: { message: 'too much', applicationFailureInfo: { type: 'RangeError', nonRetryable: false } },
      },
    });
    const { json } = await http.get(`${path}/history`);
    expect(json).toMatchObject({
      status: 'FAILED',
      events: expect.arrayContaining([
        expect.objectContaining({
          eventType: 'ActivityTaskScheduled',
          attributes: expect.objectContaining({ activityType: 'charge', taskQueue: 'orders' }),
        }),
      ]),
    });
  });

  it('is cancelled', async () => {
    const path = `${WORKFLOWS}/cancelled`;
    await http.post(path, { ...START, input: [7] });
    await http.post(`${path}/cancel`);
    expect((await http.get(`${path}/result`)).json).toMatchObject({ status: 'CANCELED', details: [] });
  });

  it('shows its worker as a poller of the task queue', async () => {
    const { json } = await http.get('/api/v1/namespaces/default/task-queues/orders');
    expect(json).toMatchObject({
      workflow: { pollers: [{ identity: expect.any(String) as string }] },
      activity: { pollers: [{ identity: expect.any(String) as string }] },
    });
  });
});
