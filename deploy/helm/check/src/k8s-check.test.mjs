// What scripts/k8s-check does where there is no cluster, and that what it installs can be installed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { installValues } from './k8s-check-values.mjs';
import { find, render } from './render.mjs';
import { SCRATCH } from './tools.mjs';

// In a pod of a cluster, that cluster would be found.
delete process.env.KUBERNETES_SERVICE_HOST;

const PROGRAM = fileURLToPath(new URL('./k8s-check.mjs', import.meta.url));

/** Runs it with a configuration of kubectl, by default with none. */
async function check(args, env = {}) {
  const options = { env: { ...process.env, HOME: SCRATCH, KUBECONFIG: path.join(SCRATCH, 'none'), ...env } };
  return promisify(execFile)(process.execPath, [PROGRAM, ...args], options).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }) => ({ code, stdout }),
  );
}

describe('the check in a cluster', () => {
  it('says that it did not run where kubectl knows no cluster, and why', async () => {
    const { code, stdout } = await check([]);
    assert.equal(code, 0);
    assert.match(stdout, /^k8s-check: not run: there is no cluster \(.*current-context is not set\)\n$/);
  });

  it('says so where the cluster does not answer, and ends with 3 when there has to be one', async () => {
    await mkdir(SCRATCH, { recursive: true });
    const file = path.join(SCRATCH, 'away.kubeconfig');
    const named = (name, more) => [{ name, ...more }];
    const configuration = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: named('away', { cluster: { server: 'http://127.0.0.1:1' } }),
      contexts: named('away', { context: { cluster: 'away', user: '' } }),
      'current-context': 'away',
    };
    await writeFile(file, stringify(configuration));
    const { code, stdout } = await check(['--require-cluster'], { KUBECONFIG: file });
    assert.equal(code, 3);
    assert.match(stdout, /^k8s-check: not run: there is no cluster \(.*127\.0\.0\.1:1.*\)\n$/);
    const unknown = await check(['--context', 'other'], { KUBECONFIG: file });
    assert.match(unknown.stdout, /not run: there is no cluster \(.*"other".*\)/);
  });

  it('refuses arguments that it does not know, and images without a tag', async () => {
    for (const [args, reason] of [
      [['--all'], /Unknown option '--all'/],
      [['--api-image', 'registry.example/api'], /--api-image must be REPOSITORY:TAG/],
    ]) {
      const { code, stdout } = await check(args);
      assert.equal(code, 2);
      assert.match(stdout, reason);
    }
  });

  it('installs values that the chart takes, with the names that it asks for later', async () => {
    const images = { apiImage: 'r.example:5000/api:1', workerImage: 'r.example/worker:2' };
    const objects = await render(installValues({ ...images, taskQueue: 'k8s-check' }), 'check');
    const imageOf = (name) => find(objects, 'Deployment', name).spec.template.spec.containers[0].image;
    assert.equal(imageOf('check-tidewheel-api'), images.apiImage);
    assert.equal(imageOf('check-tidewheel-worker-check'), images.workerImage);
    assert.equal(find(objects, 'Service', '-api').metadata.name, 'check-tidewheel-api');
  });
});
