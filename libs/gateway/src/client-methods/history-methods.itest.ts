import { api, toNumber } from '../proto.js';
import {
  CODE,
  closeExecution,
  json,
  NAMESPACE,
  readHistory,
  startExecution,
  startTestGateway,
} from '../test-gateway.fixture.js';
import type { TestClient, TestExecution, TestGateway } from '../test-gateway.fixture.js';

const { EventType } = api.enums.v1;
const CLOSE_EVENT = api.enums.v1.HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT;

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

describe('histories', () => {
  async function signalled(signals: number): Promise<TestExecution> {
    const run = await startExecution(client);
    for (let i = 0; i < signals; i++) {
      await client.call('SignalWorkflowExecution', {
        namespace: NAMESPACE,
        workflowExecution: run.execution,
        signalName: `s${i}`,
      });
    }
    return run;
  }

  it('are read page by page, whatever the size of a page, and end without an empty page', async () => {
    const { execution } = await signalled(4);
    for (const maximumPageSize of [1, 2, 3, 5, 6, 7]) {
      const ids: number[] = [];
      let nextPageToken: Uint8Array | null = new Uint8Array(0);
      do {
        const page: Awaited<ReturnType<typeof readHistory>> = await readHistory(client, execution, {
          maximumPageSize,
          nextPageToken,
        });
        expect(page.history?.events?.length).toBeGreaterThan(0);
        ids.push(...(page.history?.events ?? []).map(({ eventId }) => toNumber(eventId)));
        ({ nextPageToken } = page);
      } while (nextPageToken?.length);
      expect(ids).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it('are read backwards', async () => {
    const { execution } = await signalled(3);
    const ids: number[] = [];
    let nextPageToken: Uint8Array | null = new Uint8Array(0);
    do {
      const page: Awaited<ReturnType<typeof backwards>> = await backwards(nextPageToken);
      ids.push(...(page.history?.events ?? []).map(({ eventId }) => toNumber(eventId)));
      ({ nextPageToken } = page);
    } while (nextPageToken?.length);
    expect(ids).toEqual([5, 4, 3, 2, 1]);

    function backwards(token: Uint8Array | null) {
      return client.call('GetWorkflowExecutionHistoryReverse', {
        namespace: NAMESPACE,
        execution,
        maximumPageSize: 2,
        nextPageToken: token,
      });
    }
  });

  it('are cut into pages that clients accept', async () => {
    const run = await startExecution(client);
    const large = { payloads: [{ data: Buffer.alloc(1_000_000) }] };
    for (let i = 0; i < 5; i++) {
      const signal = { workflowExecution: run.execution, signalName: 's', input: large };
      await client.call('SignalWorkflowExecution', { namespace: NAMESPACE, ...signal });
    }
    for (const method of ['GetWorkflowExecutionHistory', 'GetWorkflowExecutionHistoryReverse'] as const) {
      const pages: number[][] = [];
      let nextPageToken: Uint8Array | null = new Uint8Array(0);
      do {
        const page: Pick<
          Awaited<ReturnType<typeof readHistory>>,
          'history' | 'nextPageToken'
        > = await client.call(method, {
          namespace: NAMESPACE,
          execution: run.execution,
          nextPageToken,
        });
        pages.push((page.history?.events ?? []).map(({ eventId }) => toNumber(eventId)));
        ({ nextPageToken } = page);
      } while (nextPageToken?.length);
      expect(pages.length).toBeGreaterThan(2);
      expect(pages.flat().sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    }
  });

  it('are followed while they grow, to their end', async () => {
    const run = await startExecution(client);
    const first = await readHistory(client, run.execution, { waitNewEvent: true });
    expect(first.history?.events).toHaveLength(2);
    const waiting = readHistory(client, run.execution, {
      waitNewEvent: true,
      nextPageToken: first.nextPageToken,
    });
    await client.call('SignalWorkflowExecution', {
      namespace: NAMESPACE,
      workflowExecution: run.execution,
      signalName: 's',
    });
    const second = await waiting;
    expect(second.history?.events).toMatchObject([
      { workflowExecutionSignaledEventAttributes: { signalName: 's' } },
    ]);
    await closeExecution(client, run);
    let page = second;
    const ids: number[] = [];
    while (page.nextPageToken?.length) {
      page = await readHistory(client, run.execution, {
        waitNewEvent: true,
        nextPageToken: page.nextPageToken,
      });
      ids.push(...(page.history?.events ?? []).map(({ eventId }) => toNumber(eventId)));
    }
    expect(ids).toEqual([4, 5, 6]);
  });

  it('give their close event alone, as soon as it is there, under a token that stays good', async () => {
    const run = await startExecution(client);
    const closeEvent = { historyEventFilterType: CLOSE_EVENT, waitNewEvent: true };
    const early = await client.call(
      'GetWorkflowExecutionHistory',
      { namespace: NAMESPACE, execution: { workflowId: run.workflowId }, ...closeEvent },
      { deadlineMs: 2_000 },
    );
    expect(early.history?.events).toEqual([]);
    expect(early.nextPageToken?.length).toBeGreaterThan(0);
    const token = { nextPageToken: early.nextPageToken };
    const waiting = readHistory(client, run.execution, { ...closeEvent, ...token });
    await closeExecution(client, run);
    const closed = await waiting;
    for (const page of [closed, await readHistory(client, run.execution, { ...closeEvent, ...token })]) {
      expect(page.history?.events).toMatchObject([
        {
          eventType: EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
          workflowExecutionCompletedEventAttributes: { result: { payloads: [json(true)] } },
        },
      ]);
      expect(page.nextPageToken).toHaveLength(0);
    }
  });

  it('have no close event while they grow, and no token to whoever does not wait', async () => {
    const { execution } = await startExecution(client);
    const page = await readHistory(client, execution, { historyEventFilterType: CLOSE_EVENT });
    expect(page.history?.events).toEqual([]);
    expect(page.nextPageToken).toHaveLength(0);
  });

  it('go on with the run that they began with', async () => {
    const first = await signalled(1);
    const { nextPageToken } = await readHistory(
      client,
      { workflowId: first.workflowId },
      { maximumPageSize: 1, waitNewEvent: true },
    );
    await closeExecution(client, first);
    const second = await startExecution(client, { workflowId: first.workflowId });
    const { history: rest } = await readHistory(client, { workflowId: first.workflowId }, { nextPageToken });
    expect(rest?.events?.length).toBeGreaterThan(1);
    expect(
      await client.refusal('GetWorkflowExecutionHistory', {
        namespace: NAMESPACE,
        execution: second.execution,
        nextPageToken,
      }),
    ).toMatchObject({ code: CODE.INVALID_ARGUMENT });
  });
});
