import { randomUUID } from 'node:crypto';
import { api } from '../proto.js';
import type { P } from '../proto.js';
import {
  CODE,
  decide,
  describeExecution,
  json,
  NAMESPACE,
  readEvents,
  startExecution,
  startTestGateway,
} from '../test-gateway.fixture.js';
import type { TestClient, TestGateway } from '../test-gateway.fixture.js';

const { CommandType, IndexedValueType } = api.enums.v1;
const KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
const DATETIME = IndexedValueType.INDEXED_VALUE_TYPE_DATETIME;

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

/** A payload with the type of a search attribute in its metadata. */
function typed(value: unknown, type: string): P.Payload {
  const payload = json(value);
  return { ...payload, metadata: { ...payload.metadata, type: Buffer.from(type) } };
}

describe('search attributes', () => {
  it('are added, listed and removed in a namespace', async () => {
    const namespace = `ns-${randomUUID()}`;
    await client.call('RegisterNamespace', { namespace });
    const searchAttributes = { City: KEYWORD, Due: DATETIME };
    await client.operator('AddSearchAttributes', { namespace, searchAttributes });
    const { customAttributes, systemAttributes } = await client.operator('ListSearchAttributes', {
      namespace,
    });
    expect(customAttributes).toEqual(searchAttributes);
    expect(systemAttributes).toMatchObject({ WorkflowType: KEYWORD, StartTime: DATETIME });
    await client.operator('RemoveSearchAttributes', { namespace, searchAttributes: ['City'] });
    expect((await client.operator('ListSearchAttributes', { namespace })).customAttributes).toEqual({
      Due: DATETIME,
    });
    expect(
      (await client.operator('ListSearchAttributes', { namespace: NAMESPACE })).customAttributes,
    ).toEqual({});
    expect((await client.operator('ListClusters', {})).clusters).toHaveLength(1);
  });

  it('are refused with the name of the field and of the attribute', async () => {
    const namespace = `ns-${randomUUID()}`;
    await client.call('RegisterNamespace', { namespace });
    const refusal = (searchAttributes: Record<string, number>) =>
      client.operatorRefusal('AddSearchAttributes', { namespace, searchAttributes });
    expect(await refusal({})).toMatchObject({ code: CODE.INVALID_ARGUMENT });
    expect(await refusal({ TemporalX: KEYWORD })).toMatchObject({
      code: CODE.INVALID_ARGUMENT,
      message: expect.stringMatching(/^search_attributes: .*TemporalX is reserved by system/) as string,
    });
    expect(await refusal({ City: 0 })).toMatchObject({ code: CODE.INVALID_ARGUMENT });
    expect(await refusal({ City: 99 })).toMatchObject({
      message: 'search_attributes: Unknown search attribute type: 99.',
    });
    await client.operator('AddSearchAttributes', { namespace, searchAttributes: { City: KEYWORD } });
    expect(await refusal({ City: KEYWORD })).toMatchObject({
      code: CODE.ALREADY_EXISTS,
      message: 'Search attribute City already exists, as Keyword.',
    });
    const removal = { namespace, searchAttributes: ['Nobody'] };
    expect(await client.operatorRefusal('RemoveSearchAttributes', removal)).toMatchObject({
      code: CODE.NOT_FOUND,
      message: "Search attribute Nobody doesn't exist.",
    });
    expect(await client.operatorRefusal('AddSearchAttributes', {})).toMatchObject({
      message: 'namespace: must be set',
    });
    expect(await client.operatorRefusal('ListSearchAttributes', { namespace: 'nowhere' })).toMatchObject({
      code: CODE.NOT_FOUND,
      details: [{ name: 'NamespaceNotFoundFailure' }],
    });
  });

  it('of executions come with their types in events, descriptions and lists, unless they say one', async () => {
    await client.operator('AddSearchAttributes', {
      namespace: NAMESPACE,
      searchAttributes: { Due: DATETIME, City: KEYWORD },
    });
    const due = '2027-01-31T12:00:00.000Z';
    const run = await startExecution(client, {
      searchAttributes: { indexedFields: { Due: json(due), City: typed('Kiel', 'Text') } },
    });
    await decide(client, run, {
      commandType: CommandType.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
      upsertWorkflowSearchAttributesCommandAttributes: {
        searchAttributes: { indexedFields: { City: json('Bonn') } },
      },
    });
    const [started, , , , upserted] = await readEvents(client, run.execution);
    expect(started?.workflowExecutionStartedEventAttributes?.searchAttributes).toMatchObject({
      indexedFields: { Due: typed(due, 'Datetime'), City: typed('Kiel', 'Text') },
    });
    expect(upserted?.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes).toMatchObject({
      indexedFields: { City: typed('Bonn', 'Keyword') },
    });
    const indexedFields = { Due: typed(due, 'Datetime'), City: typed('Bonn', 'Keyword') };
    const { workflowExecutionInfo } = await describeExecution(client, run);
    expect(workflowExecutionInfo?.searchAttributes).toMatchObject({ indexedFields });
    const { executions } = await client.call('ListWorkflowExecutions', {
      namespace: NAMESPACE,
      query: "City = 'Bonn'",
    });
    expect(executions).toMatchObject([{ execution: run.execution, searchAttributes: { indexedFields } }]);
  });

  it('of a start that nobody added are refused by name', async () => {
    const request = {
      namespace: NAMESPACE,
      workflowId: randomUUID(),
      workflowType: { name: 't' },
      taskQueue: { name: 'q' },
      searchAttributes: { indexedFields: { Nobody: json('x') } },
    };
    expect(await client.refusal('StartWorkflowExecution', request)).toMatchObject({
      code: CODE.INVALID_ARGUMENT,
      message: expect.stringMatching(/^search_attributes: search attribute Nobody is not defined/) as string,
    });
  });
});
