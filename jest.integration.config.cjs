// Integration tests: `*.itest.ts`, against the built libraries (dist) and a real Redis.
const fs = require('node:fs');
const path = require('node:path');
const swc = require('./jest.transform.cjs');

// What these do is done to one server: they kill, freeze or count it, or reach it through a proxy; or they need none.
const ON_ONE_SERVER = [
  'apps/api/src/api-process',
  'apps/api/src/grpc.itest',
  'apps/api/src/health',
  'apps/worker/src/worker-health',
  'apps/worker/src/worker-process',
  'bench/',
  'libs/engine/src/lost-replies',
  'libs/testing/',
  'libs/worker/src/watchdog',
  'tests/crash/src/redis-away',
];

module.exports = {
  ...swc,
  displayName: 'integration',
  globalSetup: './jest.integration.setup.cjs',
  globalTeardown: './jest.integration.teardown.cjs',
  roots: ['libs', 'apps', 'examples', 'bench', 'tests']
    .filter((folder) => fs.existsSync(path.join(__dirname, folder)))
    .map((folder) => `<rootDir>/${folder}`),
  testMatch: ['**/*.itest.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    ...(['cluster', 'sentinel'].includes(process.env['TIDEWHEEL_TEST_ON'])
      ? ON_ONE_SERVER.map((start) => `<rootDir>/${start}`)
      : []),
  ],
  testEnvironmentOptions: { customExportConditions: ['node', 'node-addons'] },
  testTimeout: 120_000,
  // More than there are processors: most of the time of these tests is waiting, for leases, timers, servers and processes.
  maxWorkers: 4,
};
