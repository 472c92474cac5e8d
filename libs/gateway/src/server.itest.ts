import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import type { AuthorizedCall } from './dispatch.js';
import { accessRefused } from './errors.js';
import { Gateway } from './server.js';
import { CODE, NAMESPACE, startExecution, startTestGateway, TestClient } from './test-gateway.fixture.js';
import type { TestGateway } from './test-gateway.fixture.js';

let test: TestGateway;
let client: TestClient;
/** How many calls the guard sees at the moment. */
let underWay = 0;
let authorize: (call: AuthorizedCall) => void;

beforeAll(async () => {
  test = await startTestGateway({
    authorize: (call) => authorize(call),
    guard: async (ask) => {
      underWay++;
      try {
        return await ask();
      } finally {
        underWay--;
      }
    },
  });
  ({ client } = test);
});
beforeEach(() => {
  authorize = () => undefined;
});
afterAll(() => test.stop());

const wait = { waitNewEvent: true, maximumPageSize: 1_000 };

/** A long poll for events that do not come. */
async function longPoll(
  from: TestClient,
  options: { deadlineMs?: number; signal?: AbortSignal } = {},
): Promise<{ events: number; token: number }> {
  const { execution } = await startExecution(from);
  const begin = await from.call('GetWorkflowExecutionHistory', { namespace: NAMESPACE, execution, ...wait });
  const { history, nextPageToken } = await from.call(
    'GetWorkflowExecutionHistory',
    { namespace: NAMESPACE, execution, nextPageToken: begin.nextPageToken, ...wait },
    options,
  );
  return { events: history?.events?.length ?? 0, token: nextPageToken?.length ?? 0 };
}

describe('the health service', () => {
  it('serves', async () => {
    expect(await client.health()).toBe(1);
    expect(await client.health('temporal.api.workflowservice.v1.WorkflowService')).toBe(1);
  });

  it('does not know other services', async () => {
    await expect(client.health('other')).rejects.toMatchObject({ code: CODE.NOT_FOUND });
  });

  it('tells who watches, and that it does not serve any more when it closes', async () => {
    const gateway = await Gateway.start({ engine: test.engine });
    const watcher = new TestClient(gateway.address);
    const told: number[] = [];
    const ended = new Promise<void>((resolve) => {
      const stream = watcher.watchHealth();
      stream.on('data', ({ status }: { readonly status: number }) => told.push(status));
      stream.on('end', resolve);
    });
    await waitUntil(() => told.length > 0, { what: 'the first status' });
    expect(told).toEqual([1]);
    await gateway.close();
    await ended;
    expect(told).toEqual([1, 2]);
    watcher.close();
  });

  it('tells who watches a service that it does not know', async () => {
    const told: number[] = [];
    const stream = client.watchHealth('other');
    stream.on('data', ({ status }: { readonly status: number }) => told.push(status));
    stream.on('error', () => undefined);
    await waitUntil(() => told.length > 0, { what: 'the first status' });
    expect(told).toEqual([3]);
    stream.cancel();
  });
});

describe('methods that are not there', () => {
  it.each(['PollNexusTaskQueue', 'CreateSchedule', 'UpdateWorkflowExecution'] as const)(
    '%s is answered with its name',
    async (method) => {
      await expect(client.call(method, {})).rejects.toMatchObject({
        code: CODE.UNIMPLEMENTED,
        details: expect.stringContaining(method) as string,
      });
    },
  );
});

describe('authorization', () => {
  it('sees who asks for what', async () => {
    const seen: AuthorizedCall[] = [];
    authorize = (call) => void seen.push(call);
    await client.call(
      'DescribeNamespace',
      { namespace: NAMESPACE },
      { metadata: { authorization: 'Bearer x' } },
    );
    await client.call('GetSystemInfo', {});
    await client.operator('ListSearchAttributes', { namespace: NAMESPACE });
    expect(seen).toMatchObject([
      { namespace: NAMESPACE, method: 'DescribeNamespace' },
      { namespace: undefined, method: 'GetSystemInfo' },
      { namespace: NAMESPACE, method: 'ListSearchAttributes' },
    ]);
    expect(seen[0]?.metadata.get('authorization')).toEqual(['Bearer x']);
  });

  it('refuses before anything is done', async () => {
    authorize = () => {
      throw accessRefused('PERMISSION_DENIED', 'not you');
    };
    const workflowId = randomUUID();
    expect(
      await client.refusal('StartWorkflowExecution', {
        namespace: NAMESPACE,
        workflowId,
        workflowType: { name: 'order' },
        taskQueue: { name: 'q' },
      }),
    ).toMatchObject({ code: CODE.PERMISSION_DENIED, message: 'not you' });
    authorize = () => undefined;
    expect(
      await client.refusal('DescribeWorkflowExecution', { namespace: NAMESPACE, execution: { workflowId } }),
    ).toMatchObject({ code: CODE.NOT_FOUND });
  });
});

describe('long polls', () => {
  it('are answered before their caller stops waiting', async () => {
    expect(await longPoll(client, { deadlineMs: 2_500 })).toEqual({
      events: 0,
      token: expect.any(Number) as number,
    });
  });

  it('end when their caller has gone', async () => {
    const leave = new AbortController();
    let reads = 0;
    authorize = ({ method }) => {
      if (method === 'GetWorkflowExecutionHistory') reads++;
    };
    const gone = expect(longPoll(client, { signal: leave.signal })).rejects.toMatchObject({
      code: CODE.CANCELLED,
    });
    // The first read is of the events that are there.
    await waitUntil(() => reads === 2 && underWay === 1, { what: 'the poll to wait' });
    // The poll that waits is the only call under way for good.
    await client.call('GetSystemInfo', {});
    leave.abort();
    await gone;
    await waitUntil(() => underWay === 0, { what: 'the poll to end', timeoutMs: 15_000 });
  });

  it('wait together on one connection, and are answered when the gateway closes', async () => {
    let waiting = 0;
    const gateway = await Gateway.start({
      engine: test.engine,
      guard: async (ask) => {
        waiting++;
        try {
          return await ask();
        } finally {
          waiting--;
        }
      },
    });
    const many = new TestClient(gateway.address);
    const polls = Array.from({ length: 500 }, (_, i) =>
      many.call('PollActivityTaskQueue', {
        namespace: NAMESPACE,
        taskQueue: { name: `idle-${i % 10}` },
        identity: `worker-${i}`,
      }),
    );
    await waitUntil(() => waiting === 500, { what: 'all polls to wait' });
    await gateway.close();
    const answers = await Promise.all(polls);
    expect(answers.filter(({ taskToken }) => (taskToken?.length ?? 0) > 0)).toEqual([]);
    many.close();
  });
});

describe('starting', () => {
  it('fails on a port that is taken', async () => {
    const complaint = jest.spyOn(console, 'error').mockReturnValue();
    await expect(Gateway.start({ engine: test.engine, port: test.gateway.port })).rejects.toThrow(
      /EADDRINUSE|No address added/,
    );
    expect(complaint).toHaveBeenCalled();
    complaint.mockRestore();
  });
});
