// The integration tests want a Redis with nothing else in it: one that REDIS_URL names, or a private one.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

module.exports = async () => {
  if (process.env['REDIS_URL']) return;
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
