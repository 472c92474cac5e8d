// Renders the chart with every combination of values, and holds each object against the types and rules of Kubernetes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { COMBINATIONS } from './combinations.mjs';
import { lint, render, renderText } from './render.mjs';
import { CHART, helm, SCRATCH } from './tools.mjs';

const PACKAGES = [
  [/^(monitoring\.coreos\.com)\//, '@kubernetes-models/prometheus-operator'],
  [/^(keda\.sh)\//, '@kubernetes-models/keda'],
  [/./, 'kubernetes-models'],
];

/** Where the model of an object's kind is. */
function modelPath({ apiVersion, kind }) {
  const [, name] = PACKAGES.find(([pattern]) => pattern.test(apiVersion));
  return `${name}/${apiVersion}/${kind}`;
}

const rendered = new Map();

for (const [name, values] of Object.entries(COMBINATIONS)) {
  test(`${name}: renders to valid objects, the same every time, and helm finds nothing to complain about`, async () => {
    await lint(values);
    const text = await renderText(values);
    assert.equal(await renderText(values), text);
    const objects = await render(values);
    rendered.set(name, objects);
    const seen = new Set();
    for (const object of objects) {
      const id = `${object.kind} ${object.metadata.name}`;
      assert.ok(!seen.has(id), `${id} is there twice`);
      seen.add(id);
      assert.ok(object.metadata.name.length <= 63, `${id} has too long a name`);
      const { [object.kind]: Model } = await import(modelPath(object));
      assert.doesNotThrow(() => new Model(object).validate(), id);
    }
    const file = path.join(SCRATCH, `${name.replaceAll(/\W+/g, '-')}.yaml`);
    await writeFile(file, text);
  });
}

/** What the compiler says of objects: the models' own checks pass over unknown fields, the compiler does not. */
async function compilerSays(name, objects) {
  const lines = objects.flatMap((object, number) => [
    `import type { I${object.kind} as T${number} } from '${modelPath(object)}';`,
    `export const o${number}: T${number} = ${JSON.stringify(object, undefined, 1)};`,
  ]);
  const folder = fileURLToPath(new URL('../dist', import.meta.url));
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `${name}.ts`);
  await writeFile(file, lines.join('\n'));
  const tsc = fileURLToPath(new URL('../../../../node_modules/typescript/bin/tsc', import.meta.url));
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--ignoreConfig'];
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, ...options, file], {
    maxBuffer: 1e8,
  }).catch((error) => error);
  return String(stdout).slice(0, 4_000);
}

test('no object has a field that Kubernetes does not know', async () => {
  const objects = [...rendered.values()].flat();
  assert.ok(objects.length > 100, `only ${objects.length} objects were rendered`);
  assert.equal(await compilerSays('rendered', objects), '');
});

test('a field that Kubernetes does not know would be found', async () => {
  const [deployment] = structuredClone(rendered.get('an address, nothing else')).filter(
    ({ kind }) => kind === 'Deployment',
  );
  deployment.spec.template.spec.containers[0].imagePulPolicy = 'Always';
  assert.match(await compilerSays('misspelt', [deployment]), /imagePulPolicy/);
});

test('the chart can be packed', async () => {
  await helm('package', CHART, '--destination', SCRATCH);
});
