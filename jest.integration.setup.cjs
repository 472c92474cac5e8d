// The integration tests want a Redis with nothing else in it: one that REDIS_URL names, or a private one. When
// TIDEWHEEL_TEST_ON says so, that is a cluster, or watched by sentinels.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

module.exports = async () => {
  if (process.env['REDIS_URL']) return;
  if (['cluster', 'sentinel'].includes(process.env['TIDEWHEEL_TEST_ON'])) {
    const { startTestStore } = await import('@tidewheel/testing');
    const store = await startTestStore();
    process.env['REDIS_URL'] = store.url;
    globalThis.stopTestRedis = () => store.stop();
    return;
  }
  const dir = path.join(__dirname, 'tmp', `jest-redis-${process.pid}`);
  const redis = (...args) =>
    execFileSync(path.join(__dirname, 'scripts/redis'), args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  process.env['REDIS_URL'] = redis('start', '--dir', dir, '--port', '0').trim();
  globalThis.stopTestRedis = () => {
    redis('stop', '--dir', dir);
    fs.rmSync(dir, { recursive: true, force: true });
  };
};
