import { randomUUID } from 'node:crypto';
import { toNumber } from '../proto.js';
import { CODE, NAMESPACE, startTestGateway } from '../test-gateway.fixture.js';
import type { TestClient, TestGateway } from '../test-gateway.fixture.js';

const UNKNOWN_RUN = '3d1b1f6e-3a24-4a9c-8d4e-3f3a0f0c1a11';

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

describe('namespaces', () => {
  it('are registered, described by name and by id, updated and listed', async () => {
    const namespace = `ns-${randomUUID()}`;
    await client.call('RegisterNamespace', {
      namespace,
      description: 'a test',
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    const described = await client.call('DescribeNamespace', { namespace });
    expect(described).toMatchObject({
      namespaceInfo: { name: namespace, description: 'a test', state: 1 },
      config: { workflowExecutionRetentionTtl: { nanos: 0 } },
    });
    expect(toNumber(described.namespaceInfo?.limits?.blobSizeLimitError)).toBe(2 * 1024 * 1024);
    const { id } = described.namespaceInfo ?? {};
    expect((await client.call('DescribeNamespace', { id: id ?? '' })).namespaceInfo?.name).toBe(namespace);
    const updated = await client.call('UpdateNamespace', {
      namespace,
      updateInfo: { description: 'changed' },
      config: { workflowExecutionRetentionTtl: { seconds: 172_800 as never } },
    });
    expect(updated.namespaceInfo?.description).toBe('changed');
    expect(toNumber(updated.config?.workflowExecutionRetentionTtl?.seconds)).toBe(172_800);
    const names: unknown[] = [];
    let nextPageToken: Uint8Array | null = new Uint8Array(0);
    do {
      const page: Awaited<ReturnType<typeof list>> = await list(nextPageToken);
      names.push(...(page.namespaces ?? []).map(({ namespaceInfo }) => namespaceInfo?.name));
      ({ nextPageToken } = page);
    } while (nextPageToken?.length);
    expect(names).toEqual(expect.arrayContaining([NAMESPACE, namespace]));

    function list(token: Uint8Array | null) {
      return client.call('ListNamespaces', { pageSize: 1, nextPageToken: token });
    }
  });

  it('cannot be registered twice', async () => {
    expect(await client.refusal('RegisterNamespace', { namespace: NAMESPACE })).toMatchObject({
      code: CODE.ALREADY_EXISTS,
      details: [{ name: 'NamespaceAlreadyExistsFailure' }],
    });
  });

  it.each([{ namespace: 'never-registered' }, { id: UNKNOWN_RUN }])('are not found: %j', async (request) => {
    expect(await client.refusal('DescribeNamespace', request)).toMatchObject({
      code: CODE.NOT_FOUND,
      details: [{ name: 'NamespaceNotFoundFailure' }],
    });
  });
});
