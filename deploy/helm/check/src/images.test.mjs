// The chart and the images have to agree on what neither can see of the other: the user, the ports and the programs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { find, LEAST, POOL, render, variablesOf } from './render.mjs';

const DOCKERFILE = readFileSync(new URL('../../../docker/Dockerfile', import.meta.url), 'utf8');
/** What a stage of the Dockerfile says. */
function stage(name) {
  const [, text] = new RegExp(`^FROM \\S+ AS ${name}\\n([^]*?)(?=^FROM |(?![^]))`, 'm').exec(DOCKERFILE);
  const all = (instruction) =>
    [...text.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].map(([, rest]) => rest);
  const variables = Object.fromEntries(
    all('ENV').flatMap((line) => line.split(' ').map((each) => each.split('='))),
  );
  return { user: all('USER').at(-1), ports: all('EXPOSE').join(' ').split(' ').map(Number), variables, text };
}

const objects = await render({ ...LEAST, workerPools: { orders: POOL } });

describe('the chart and the images', () => {
  for (const [target, suffix] of [
    ['api', '-api'],
    ['worker', '-orders'],
  ]) {
    const image = stage(target);
    const deployment = find(objects, 'Deployment', suffix);
    const { securityContext, containers, volumes } = deployment.spec.template.spec;
    const [container] = containers;

    it(`agree on the user of ${target}`, () => {
      const { runAsUser, runAsGroup } = { ...securityContext, ...container.securityContext };
      assert.equal(image.user, `${runAsUser}:${runAsGroup}`);
    });

    it(`agree on the ports of ${target}, and on the variables that say so`, () => {
      assert.deepEqual(
        container.ports.map(({ containerPort }) => containerPort),
        image.ports,
      );
      const given = variablesOf(deployment);
      for (const [name, value] of Object.entries(image.variables)) assert.equal(given[name], value, name);
    });

    it(`leave ${target} its entrypoint, and a folder to write to`, () => {
      assert.equal(container.command, undefined);
      // In these pods tini is not process 1, which is the only other one to get what is left behind.
      assert.equal(deployment.spec.template.spec.shareProcessNamespace, true);
      const [, entrypoint] = /^ENTRYPOINT (.*)$/m.exec(image.text);
      assert.deepEqual(JSON.parse(entrypoint), [
        'tini',
        '-s',
        '--',
        'node',
        `/app/apps/${target}/dist/main.js`,
      ]);
      const { name } = container.volumeMounts.find(({ mountPath }) => mountPath === '/tmp');
      assert.ok(volumes.find((volume) => volume.name === name).emptyDir);
    });
  }

  it('have the same version', () => {
    const { appVersion } = /^appVersion: '?(?<appVersion>[\d.]+)/m.exec(
      readFileSync(new URL('../../tidewheel/Chart.yaml', import.meta.url), 'utf8'),
    ).groups;
    const versions = [...DOCKERFILE.matchAll(/image\.version="(.*?)"/g)].map(([, version]) => version);
    assert.deepEqual(versions, [appVersion, appVersion]);
  });
});
