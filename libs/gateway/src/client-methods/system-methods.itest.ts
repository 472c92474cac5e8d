import { NAMESPACE, startTestGateway } from '../test-gateway.fixture.js';
import type { TestClient, TestGateway } from '../test-gateway.fixture.js';

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

describe('the system', () => {
  it('tells its version and what it can do', async () => {
    const { serverVersion, capabilities } = await client.call('GetSystemInfo', {});
    expect(serverVersion).toBe('1.2.3');
    expect(capabilities).toMatchObject({ sdkMetadata: true, eagerWorkflowStart: true, upsertMemo: true });
    expect(capabilities?.supportsSchedules).toBe(false);
    expect(await client.call('GetClusterInfo', {})).toMatchObject({
      serverVersion: '1.2.3',
      persistenceStore: 'redis',
      historyShardCount: 1,
    });
  });

  it('tells what executions can be found by', async () => {
    const { systemAttributes } = await client.operator('ListSearchAttributes', { namespace: NAMESPACE });
    expect(systemAttributes).toMatchObject({ WorkflowType: 2, StartTime: 6 });
    expect((await client.call('GetSearchAttributes', {})).keys).toEqual(systemAttributes);
  });
});
