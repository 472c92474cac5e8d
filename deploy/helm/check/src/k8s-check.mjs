// Installs the chart into a real cluster and uses it; scripts/k8s-check says how it is called.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { parse } from 'yaml';
import { installValues } from './k8s-check-values.mjs';
import { CHART, SCRATCH, toolOf } from './tools.mjs';

const RELEASE = 'check';
const QUEUE = 'k8s-check';
const MODULES = fileURLToPath(new URL('../modules/', import.meta.url));
const PATIENCE_MS = 120_000;
const LOOK_MS = 1_000;
const NO_CLUSTER = 3;

const tell = (line) => console.log(`k8s-check: ${line}`);

function optionsOrExit() {
  const image = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const options = {
    context: { type: 'string' },
    'api-image': image,
    'worker-image': image,
    keep: flag,
    'require-cluster': flag,
  };
  try {
    const { values } = parseArgs({ options });
    for (const name of ['api-image', 'worker-image']) {
      const given = values[name];
      if (given !== undefined && !/^[^\s]+:[\w.-]+$/.test(given)) {
        throw new Error(`--${name} must be REPOSITORY:TAG; got "${given}"`);
      }
    }
    return values;
  } catch (error) {
    tell(`${error.message}; see scripts/k8s-check --help`);
    process.exit(2);
  }
}

const options = optionsOrExit();

/** Runs a tool against the chosen cluster, with the configuration of whoever calls. */
async function call(name, args, input) {
  const file = await toolOf(name);
  const context = options.context === undefined ? [] : [`--${CONTEXT_FLAGS[name]}`, options.context];
  const running = promisify(execFile)(file, [...context, ...args], { maxBuffer: 64 * 1024 * 1024 });
  if (input !== undefined) running.child.stdin.end(input);
  return (await running).stdout;
}

const CONTEXT_FLAGS = { kubectl: 'context', helm: 'kube-context' };
const kubectl = (...args) => call('kubectl', args);
const helm = (...args) => call('helm', args);
const lastLineOf = (error) =>
  String(error.stderr || error.message)
    .trim()
    .split('\n')
    .at(-1);

/** Why there is no cluster; undefined when there is one. Without a configuration kubectl would try this machine. */
async function missingCluster() {
  try {
    if (options.context === undefined && process.env.KUBERNETES_SERVICE_HOST === undefined) {
      await kubectl('config', 'current-context');
    }
    const { serverVersion } = JSON.parse(await kubectl('version', '--output=json', '--request-timeout=10s'));
    tell(`the cluster runs Kubernetes ${serverVersion.gitVersion}`);
    return undefined;
  } catch (error) {
    return lastLineOf(error);
  }
}

async function until(what, test) {
  for (const untilMs = Date.now() + PATIENCE_MS; ; await sleep(LOOK_MS)) {
    const found = await test().catch(() => undefined);
    if (found) return found;
    if (Date.now() > untilMs) throw new Error(`waited ${PATIENCE_MS / 1_000} s in vain for ${what}`);
  }
}

/** Uses what was installed into a namespace. */
async function exercise(namespace) {
  const service = `/api/v1/namespaces/${namespace}/services/http:${RELEASE}-tidewheel-api:http/proxy`;
  const api = `${service}/api/v1/namespaces/default`;
  const get = async (route) => JSON.parse(await kubectl('get', '--raw', `${api}/${route}`));

  await helm('test', RELEASE, '--namespace', namespace, '--timeout', '3m');
  tell('helm test: passed');
  const start = { workflowType: 'greet', taskQueue: QUEUE, input: ['Ada'] };
  await call(
    'kubectl',
    ['create', '--raw', `${api}/workflows/k8s-check-1`, '-f', '-'],
    JSON.stringify(start),
  );
  const { result } = await until('the result of a workflow', () => get('workflows/k8s-check-1/result'));
  if (result !== 'Hello, Ada!') throw new Error(`the workflow gave ${JSON.stringify(result)}`);
  tell('a workflow ran');
  const pool = `deployment/${RELEASE}-tidewheel-worker-check`;
  for (const replicas of [3, 1]) {
    await kubectl('scale', pool, '--namespace', namespace, `--replicas=${replicas}`);
    await kubectl('rollout', 'status', pool, '--namespace', namespace, '--timeout=3m');
    await until(`${replicas} workers to poll`, async () => {
      const { activity } = await get(`task-queues/${QUEUE}/scaling`);
      return activity.pollers === replicas;
    });
    tell(`scaled to ${replicas}`);
  }
}

async function install(namespace) {
  const { appVersion } = parse(await readFile(path.join(CHART, 'Chart.yaml'), 'utf8'));
  const apiImage = options['api-image'] ?? `tidewheel/api:${appVersion}`;
  const workerImage = options['worker-image'] ?? `tidewheel/worker:${appVersion}`;
  await mkdir(SCRATCH, { recursive: true });
  const values = path.join(SCRATCH, `k8s-check-${process.pid}.json`);
  await writeFile(values, JSON.stringify(installValues({ apiImage, workerImage, taskQueue: QUEUE })));
  await kubectl('create', 'namespace', namespace);
  await kubectl('create', 'configmap', 'modules', '--namespace', namespace, `--from-file=${MODULES}`);
  const wait = ['--wait', '--timeout', '5m'];
  await helm('install', RELEASE, CHART, '--namespace', namespace, '--values', values, ...wait);
  tell(`installed ${apiImage} and ${workerImage} into namespace ${namespace}`);
}

async function main() {
  const missing = await missingCluster();
  if (missing !== undefined) {
    tell(`not run: there is no cluster (${missing})`);
    return options['require-cluster'] ? NO_CLUSTER : 0;
  }
  const namespace = `tidewheel-check-${randomBytes(3).toString('hex')}`;
  try {
    await install(namespace);
    await exercise(namespace);
    if (!options.keep) await helm('uninstall', RELEASE, '--namespace', namespace, '--wait');
    tell('passed');
    return 0;
  } catch (error) {
    tell(`failed: ${lastLineOf(error)}`);
    const pods = await kubectl('get', 'pods,events', '--namespace', namespace).catch(() => '');
    console.log(pods);
    return 1;
  } finally {
    if (!options.keep) {
      const deleted = kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');
      await deleted.catch((error) => tell(`namespace ${namespace} is still there: ${lastLineOf(error)}`));
    }
  }
}

process.exitCode = await main();
