// What people are told and can test once the chart is installed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { find, LEAST, POOL, render, renderNotes } from './render.mjs';

describe('the notes', () => {
  it('say where the API is, which pools there are, and how to test the release', async () => {
    const notes = await renderNotes({ ...LEAST, workerPools: { video: POOL, orders: POOL } });
    const { metadata, spec } = find(await render(LEAST), 'Service', '-api');
    for (const { port } of spec.ports) assert.ok(notes.includes(`${metadata.name}.flows.svc:${port}`), notes);
    assert.match(notes, /Pools of workers: orders, video\./);
    assert.match(notes, /helm test tw --namespace flows/);
    assert.doesNotMatch(notes, /EVALUATION/);
  });

  it('say what is missing, and what is not for production', async () => {
    const notes = await renderNotes({
      redis: { evaluation: { enabled: true } },
      api: { grpc: { enabled: false } },
    });
    assert.match(notes, /There are no workers yet/);
    assert.match(notes, /FOR EVALUATION ONLY/);
    assert.doesNotMatch(notes, /Temporal/);
  });
});

describe('the pod of helm test', () => {
  /** Runs the pod's program against an API that answers so. */
  async function runAgainst(status) {
    const pod = find(await render({ ...LEAST, api: { service: { port: 80 } } }), 'Pod', '-test-api');
    const [{ command, args, env }] = pod.spec.containers;
    const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    assert.equal(variables.API_URL, 'http://tw-tidewheel-api:80');
    const asked = [];
    const server = createServer(({ url }, response) => {
      asked.push(url);
      response.writeHead(status(url)).end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const API_URL = `http://127.0.0.1:${server.address().port}`;
    try {
      const [program, ...rest] = [...command, ...args];
      assert.equal(program, 'node');
      const options = { env: { ...process.env, ...variables, API_URL } };
      const code = await promisify(execFile)(process.execPath, rest, options).then(
        () => 0,
        (error) => error.code,
      );
      return { code, asked };
    } finally {
      server.close();
    }
  }

  it('passes when the API is ready and reads from Redis', async () => {
    const { code, asked } = await runAgainst(() => 200);
    assert.equal(code, 0);
    assert.deepEqual(asked, ['/health', '/ready', '/api/v1/namespaces/default/workflows?pageSize=1']);
  });

  it('fails when it is not', async () => {
    assert.equal((await runAgainst((url) => (url === '/ready' ? 503 : 200))).code, 1);
  });
});
