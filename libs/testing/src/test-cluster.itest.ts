import { Redis } from 'ioredis';
import { startTestCluster, type TestCluster } from '@tidewheel/testing';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster.stop());

it('serves every slot, and knows who has a key', async () => {
  const connection = new Redis.Cluster(cluster.nodes.map(({ host, port }) => ({ host, port })));
  const keys = Array.from({ length: 16 }, (_, i) => `tw:{${i}}:key`);
  await Promise.all(keys.map((key) => connection.set(key, key)));
  expect(await Promise.all(keys.map((key) => connection.get(key)))).toEqual(keys);
  const holders = await Promise.all(keys.map((key) => cluster.primaryOf(key)));
  expect(new Set(holders).size).toBe(3);
  connection.disconnect();
});

it('makes a replica the primary of what a killed server had', async () => {
  const key = 'tw:{0}:key';
  const before = await cluster.primaryOf(key);
  await before.kill();
  await cluster.waitUntilOk();
  const after = await cluster.primaryOf(key);
  expect(after.port).not.toBe(before.port);
  await before.restart();
  await cluster.waitUntilOk(3);
});
