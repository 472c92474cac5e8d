// Runs what docs/kubernetes.md tells people to run, as far as that needs no cluster.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import path from 'node:path';
import { parse } from 'yaml';
import { CHART, helm, SCRATCH } from './tools.mjs';

const page = await readFile(path.join(CHART, '../../../docs/kubernetes.md'), 'utf8');
const blocks = [...page.matchAll(/^```(yaml|bash)\n(.*?)^```/gms)].map(([, language, text]) => ({
  language,
  text,
}));
const folder = path.join(SCRATCH, 'documentation');

/** Files of the page: blocks that begin with their name. */
const files = blocks.flatMap(({ language, text }) => {
  const name = language === 'yaml' && /^# (\S+\.yaml)\n/.exec(text)?.[1];
  return name ? [{ name, text }] : [];
});

/** Commands about this chart, which take the files from where they are written to. */
const commands = blocks
  .filter(({ language }) => language === 'bash')
  .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, ' ').split('\n'))
  .filter((line) => line.startsWith('helm ') && line.includes('deploy/helm/tidewheel'))
  .map((line) => line.split(/ +/).slice(1));

test('the page has files and commands', () => {
  assert.deepEqual(
    files.map(({ name }) => name),
    ['values.yaml', 'hpa.yaml', 'adapter.yaml', 'keda.yaml'],
  );
  assert.equal(commands.length, 6);
});

for (const [verb, ...args] of commands) {
  test(`helm ${[verb, ...args].join(' ')}`, async () => {
    await mkdir(folder, { recursive: true });
    for (const { name, text } of files) await writeFile(path.join(folder, name), text);
    const here = args.map((arg) =>
      arg === 'deploy/helm/tidewheel' ? CHART : arg.endsWith('.yaml') ? path.join(folder, arg) : arg,
    );
    // Without a cluster, what would be installed is rendered.
    const answer = await helm(verb === 'install' ? 'template' : verb, ...here);
    assert.match(answer, verb === 'lint' ? /0 chart\(s\) failed/ : /kind: Deployment/);
  });
}

test('the rule of the adapter serves the metric that the autoscaler asks for, by labels that its series have', async () => {
  const { text } = files.find(({ name }) => name === 'adapter.yaml');
  const [rule] = parse(text).rules.external;
  const hpa = await readFile(path.join(CHART, 'templates/workers/horizontalpodautoscaler.yaml'), 'utf8');
  assert.ok(hpa.includes(`name: ${rule.name.as}\n`));
  for (const label of ['tidewheel_namespace', 'task_queue', 'kind']) {
    assert.match(hpa, new RegExp(`^ +${label}: `, 'm'));
    assert.match(rule.metricsQuery, new RegExp(`\\b${label}\\b`));
  }
});
