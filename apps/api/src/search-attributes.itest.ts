import type { HttpClient } from './http-client.fixture.js';
import { startRunningApi } from './running-api.fixture.js';
import type { RunningApi } from './running-api.fixture.js';

const NAMESPACE = '/api/v1/namespaces/default';
const PATH = `${NAMESPACE}/search-attributes`;

let api: RunningApi;
let http: HttpClient;

beforeAll(async () => {
  api = await startRunningApi();
  ({ http } = api);
});
afterAll(() => api.stop());

describe('search attributes', () => {
  it('are registered, listed, set, found by and unregistered', async () => {
    const searchAttributes = { City: 'Keyword', Amount: 'Int' };
    expect(await http.post(PATH, { searchAttributes })).toMatchObject({ status: 200, json: {} });
    expect((await http.get(PATH)).json).toMatchObject({
      customAttributes: searchAttributes,
      systemAttributes: { WorkflowType: 'Keyword' },
    });
    const start = { workflowType: 'order', taskQueue: 'q', memo: { note: 'n' } };
    for (const City of ['Kiel', 'Bonn']) {
      await http.post(`${NAMESPACE}/workflows/${City}`, { ...start, searchAttributes: { City, Amount: 7 } });
    }
    const query = encodeURIComponent("City = 'Kiel' AND Amount > 6");
    expect((await http.get(`${NAMESPACE}/workflows?query=${query}`)).json).toMatchObject({
      executions: [
        {
          execution: { workflowId: 'Kiel' },
          memo: { note: 'n' },
          searchAttributes: { City: 'Kiel', Amount: 7 },
        },
      ],
    });
    expect((await http.get(`${NAMESPACE}/workflow-count?query=${query}`)).json).toEqual({ count: 1 });
    expect(await http.send('DELETE', `${PATH}/Amount`)).toMatchObject({ status: 200, json: {} });
    expect((await http.get(PATH)).json).toMatchObject({ customAttributes: { City: 'Keyword' } });
  });

  it('are refused with the name of the field and of the attribute', async () => {
    await http.post(PATH, { searchAttributes: { Size: 'Int' } });
    expect(await http.post(PATH, { searchAttributes: { Size: 'Int' } })).toMatchObject({
      status: 409,
      problem: { code: 'SEARCH_ATTRIBUTE_ALREADY_EXISTS' },
    });
    expect(await http.post(PATH, { searchAttributes: { Size: 'Number' } })).toMatchObject({
      status: 400,
      problem: { code: 'INVALID_ARGUMENT', errors: [{ field: 'searchAttributes.Size' }] },
    });
    expect(await http.post(PATH, { searchAttributes: { TemporalSize: 'Int' } })).toMatchObject({
      status: 400,
      problem: { field: 'searchAttributes' },
    });
    expect(await http.send('DELETE', `${PATH}/Nobody`)).toMatchObject({
      status: 404,
      problem: { code: 'SEARCH_ATTRIBUTE_NOT_FOUND' },
    });
    expect(await http.get('/api/v1/namespaces/nowhere/search-attributes')).toMatchObject({
      status: 404,
      problem: { code: 'NAMESPACE_NOT_FOUND' },
    });
    const start = { workflowType: 'order', taskQueue: 'q' };
    for (const searchAttributes of [{ Nobody: 'x' }, { Size: 'large' }, { Size: 1.5 }]) {
      const answer = await http.post(`${NAMESPACE}/workflows/refused`, { ...start, searchAttributes });
      expect(answer).toMatchObject({ status: 400, problem: { field: 'searchAttributes' } });
      expect(answer.problem?.detail).toContain(Object.keys(searchAttributes)[0]);
    }
    expect((await http.get(`${NAMESPACE}/workflows/refused`)).status).toBe(404);
  });
});
