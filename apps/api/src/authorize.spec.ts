import { AccessRefusedError } from './authorize.js';
import type { IncomingCall } from './authorize.js';
import { RecordingService } from './recording-service.fixture.js';
import { startTestServer } from './test-server.fixture.js';

const WORKFLOW = '/api/v1/namespaces/default/workflows/w';

describe('authorization of the HTTP interface', () => {
  it('sees who asks for what', async () => {
    const seen: IncomingCall[] = [];
    const server = await startTestServer(new RecordingService().service, (call) => void seen.push(call));
    await server.http.get(WORKFLOW, { headers: { authorization: 'Bearer x' } });
    expect(seen).toMatchObject([{ namespace: 'default', operation: 'describeWorkflow' }]);
    expect(seen[0]?.header('authorization')).toBe('Bearer x');
    await server.close();
  });

  it.each([
    ['UNAUTHENTICATED', 401],
    ['PERMISSION_DENIED', 403],
  ] as const)('refuses with %s', async (code, status) => {
    const server = await startTestServer(new RecordingService().service, () => {
      throw new AccessRefusedError(code, 'not you');
    });
    expect(await server.http.get(WORKFLOW)).toMatchObject({ status, problem: { code, detail: 'not you' } });
    expect((await server.http.get('/health')).status).toBe(200);
    await server.close();
  });
});
