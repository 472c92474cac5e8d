// What the images are and do. Run by scripts/container-check, which builds them.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { once } from 'node:events';
import { baseRoot, imageOf, runInside, startContainer } from './container.mjs';

const NAMES = ['tidewheel-api', 'tidewheel-worker', 'greetings-worker'];
const REDIS_PORT = 17_379;
const REDIS_URL = `redis://127.0.0.1:${REDIS_PORT}`;
const repository = new URL('../../../', import.meta.url);

const megabytes = (folder) =>
  Math.round(Number(execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t')[0]) / 1024);

/** Leaves a process behind and tells whose it is then. */
const LEAVES_A_PROCESS = `
  const { execFileSync } = require('node:child_process');
  const script = 'sleep 5 >/dev/null 2>&1 & echo $!';
  const left = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim();
  const status = require('node:fs').readFileSync('/proc/' + left + '/status', 'utf8');
  const parent = Number(/^PPid:\\s+(\\d+)$/m.exec(status)[1]);
  console.log(parent === process.ppid ? 'its parent is tini' : 'its parent is process ' + parent);
`;

/** Asks until the answer has a status; whoever waits is ended by the limit of the test. */
async function untilStatus(url, status) {
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status === status) return answer.json();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

for (const name of NAMES) {
  describe(`the image ${name}`, { timeout: 60_000 }, () => {
    const image = imageOf(name);

    it('runs as a user who is not root, and can write nothing but /tmp', async (t) => {
      assert.equal(image.config.User, '10001:10001');
      const script =
        'id -u; id -g; for f in / /app /usr /etc /var/tmp /tmp; do touch $f/x 2>/dev/null && echo $f; done; true';
      const { lines } = await runInside(image, ['sh', '-c', script]);
      assert.deepEqual(lines, ['10001', '10001', '/tmp']);
      t.diagnostic(
        `${name}: ${megabytes(image.root)} MB, of which /app ${megabytes(`${image.root}/app`)} MB; base ${megabytes(baseRoot())} MB`,
      );
    });

    it('owns nothing of its program, so that it could not change it even without a read-only root', () => {
      const owned = execFileSync('find', [image.root, '-xdev', '-uid', '10001'], { encoding: 'utf8' });
      assert.equal(owned, '');
      const open = execFileSync('find', [`${image.root}/app`, '-perm', '-o+w', '!', '-type', 'l'], {
        encoding: 'utf8',
      });
      assert.equal(open, '');
    });

    it('holds production packages alone, their licences and a list of them', () => {
      for (const file of ['LICENSE', 'package-lock.json', 'sbom.json'])
        assert.ok(existsSync(`${image.root}/app/${file}`), file);
      for (const path of ['typescript', 'jest', 'fast-check', '@tidewheel/testing']) {
        assert.ok(!existsSync(`${image.root}/app/node_modules/${path}`), path);
      }
      const { components, bomFormat } = JSON.parse(readFileSync(`${image.root}/app/sbom.json`, 'utf8'));
      assert.equal(bomFormat, 'CycloneDX');
      assert.ok(components.some((each) => each.name === 'ioredis'));
      for (const each of components) {
        const [, path] = /^(.*)@[^@]*$/.exec(each['bom-ref']);
        assert.ok(existsSync(`${image.root}/app/node_modules/${path}/package.json`), path);
      }
      for (const path of ['/root/.npm', '/source']) assert.ok(!existsSync(image.root + path), path);
      // Where the build was lent how to reach packages, at most an empty file is left.
      for (const path of ['/root/.npmrc', '/usr/local/etc/npmrc']) {
        if (existsSync(image.root + path)) assert.equal(readFileSync(image.root + path, 'utf8'), '', path);
      }
    });

    it('has tini as its first process, and says what it is', () => {
      assert.equal(image.config.Entrypoint[0], 'tini');
      assert.equal(image.config.Labels['org.opencontainers.image.licenses'], 'Apache-2.0');
      assert.match(image.config.Labels['org.opencontainers.image.version'], /^\d+\.\d+\.\d+$/);
    });

    for (const sharedProcesses of [false, true]) {
      it(`has tini take what is left behind, ${sharedProcesses ? 'also where it is not process 1' : 'as process 1'}`, async () => {
        const tini = image.config.Entrypoint.slice(0, image.config.Entrypoint.indexOf('--') + 1);
        const command = [...tini, 'node', '-e', LEAVES_A_PROCESS];
        const container = startContainer(image, { command, sharedProcesses });
        await container.exited;
        assert.deepEqual(container.lines, ['its parent is tini']);
      });
    }

    it('does not start with a wrong configuration, and says which variable is wrong', async () => {
      const container = startContainer(image, { env: { TIDEWHEEL_LOG_LEVEL: 'loud' } });
      assert.deepEqual(await container.exited, { code: 1, signal: null });
      assert.match(container.lines.join('\n'), /TIDEWHEEL_LOG_LEVEL: got "loud"; allowed is one of/);
    });
  });
}

describe('the containers together', { timeout: 180_000 }, () => {
  const started = [];
  const start = (name, options) => {
    const container = startContainer(imageOf(name), {
      ...options,
      env: { TIDEWHEEL_REDIS_URL: REDIS_URL, ...options.env },
    });
    started.push(container);
    return container;
  };
  const apiUrl = 'http://127.0.0.1:17243';
  const workerUrl = 'http://127.0.0.1:18080';
  let redis;
  let api;
  let worker;

  before(async () => {
    const server = execFileSync(new URL('scripts/redis', repository).pathname, ['path'], {
      encoding: 'utf8',
    }).trim();
    redis = spawn(server, [
      '--port',
      String(REDIS_PORT),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
    ]);
    await once(redis.stdout, 'data');
    api = start('tidewheel-api', { env: { TIDEWHEEL_API_PORT: '17243' } });
    worker = start('greetings-worker', { env: { TIDEWHEEL_WORKER_PORT: '18080' } });
    await untilStatus(`${apiUrl}/ready`, 200);
  });
  after(async () => {
    for (const container of started) await container.kill();
    redis.kill();
    await once(redis, 'close');
  });

  it("run a user's workflow, on a read-only root", async () => {
    const workflow = `${apiUrl}/api/v1/namespaces/default/workflows/hello-1`;
    const input = [
      {
        metadata: { encoding: Buffer.from('json/plain').toString('base64') },
        data: Buffer.from('"Ada"').toString('base64'),
      },
    ];
    const answer = await fetch(workflow, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ workflowType: 'hello', taskQueue: 'greetings', input }),
    });
    assert.equal(answer.status, 200, await answer.clone().text());
    const result = await (await fetch(`${workflow}/result?wait=20s`)).json();
    assert.equal(result.status, 'COMPLETED', JSON.stringify(result));
    assert.match(JSON.stringify(result), /Hello, Ada!|SGVsbG8sIEFkYSE/);
  });

  it("are ready, the worker with the user's health check", async () => {
    const { checks } = await untilStatus(`${workerUrl}/ready`, 200);
    assert.ok(checks.some(({ name, status }) => name === 'temporary-files' && status === 'passing'));
  });

  it('pass their own health check, and fail it when nobody answers', async () => {
    for (const [name, variable, port] of [
      ['tidewheel-api', 'TIDEWHEEL_API_PORT', '17243'],
      ['greetings-worker', 'TIDEWHEEL_WORKER_PORT', '18080'],
    ]) {
      const image = imageOf(name);
      const [kind, ...command] = image.healthcheck;
      assert.equal(kind, 'CMD');
      assert.equal((await runInside(image, command, { [variable]: port })).code, 0);
      assert.equal((await runInside(image, command, { [variable]: '1' })).code, 1);
    }
  });

  it('take a command as the preflight of the chart does', async () => {
    const container = start('tidewheel-api', { args: ['preflight', '--strict'], env: {} });
    assert.deepEqual(await container.exited, { code: 1, signal: null });
    assert.match(container.lines.join('\n'), /FAILED: appendonly is "no"/);
  });

  it('end in order with 0 when process 1 gets SIGTERM', async () => {
    for (const container of [worker, api]) {
      container.signal('SIGTERM');
      assert.deepEqual(await container.exited, { code: 0, signal: null });
    }
  });
});
