import { randomUUID } from 'node:crypto';
import { toNumber } from '../proto.js';
import { closeExecution, NAMESPACE, startExecution, startTestGateway } from '../test-gateway.fixture.js';
import type { TestClient, TestExecution, TestGateway } from '../test-gateway.fixture.js';

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

describe('lists', () => {
  it('are filtered, paged and counted', async () => {
    const type = `type-${randomUUID()}`;
    const runs: TestExecution[] = [];
    for (let i = 0; i < 3; i++) runs.push(await startExecution(client, { workflowType: { name: type } }));
    const [first] = runs;
    if (first) await closeExecution(client, first);
    const query = `WorkflowType = '${type}'`;
    const found: unknown[] = [];
    let nextPageToken: Uint8Array | null = new Uint8Array(0);
    do {
      const page: Awaited<ReturnType<typeof list>> = await list(nextPageToken);
      found.push(...(page.executions ?? []).map(({ execution }) => execution?.runId));
      ({ nextPageToken } = page);
    } while (nextPageToken?.length);
    expect(found.sort()).toEqual(runs.map(({ runId }) => runId).sort());
    expect(
      toNumber((await client.call('CountWorkflowExecutions', { namespace: NAMESPACE, query })).count),
    ).toBe(3);
    const { groups } = await client.call('CountWorkflowExecutions', {
      namespace: NAMESPACE,
      query: `${query} GROUP BY ExecutionStatus`,
    });
    expect(
      groups?.map(({ groupValues, count }) => [
        Buffer.from(groupValues?.[0]?.data ?? []).toString(),
        toNumber(count),
      ]),
    ).toEqual([
      ['"Running"', 2],
      ['"Completed"', 1],
    ]);

    const filters = { namespace: NAMESPACE, typeFilter: { name: type } };
    const open = await client.call('ListOpenWorkflowExecutions', filters);
    expect(open.executions).toHaveLength(2);
    const closed = await client.call('ListClosedWorkflowExecutions', filters);
    expect(closed.executions).toMatchObject([{ execution: first?.execution, status: 2 }]);
    const scanned = await client.call('ScanWorkflowExecutions', { namespace: NAMESPACE, query });
    expect(scanned.executions).toHaveLength(3);

    function list(token: Uint8Array | null) {
      return client.call('ListWorkflowExecutions', {
        namespace: NAMESPACE,
        query,
        pageSize: 2,
        nextPageToken: token,
      });
    }
  });
});
