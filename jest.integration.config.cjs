// Integration tests: `*.itest.ts`, against the built libraries (dist) and a real Redis.
const fs = require('node:fs');
const path = require('node:path');
const swc = require('./jest.transform.cjs');

module.exports = {
  ...swc,
  displayName: 'integration',
  globalSetup: './jest.integration.setup.cjs',
  globalTeardown: './jest.integration.teardown.cjs',
  roots: ['libs', 'apps', 'examples', 'bench', 'tests']
    .filter((folder) => fs.existsSync(path.join(__dirname, folder)))
    .map((folder) => `<rootDir>/${folder}`),
  testMatch: ['**/*.itest.ts'],
  testEnvironmentOptions: { customExportConditions: ['node', 'node-addons'] },
  testTimeout: 120_000,
  maxWorkers: 2,
};
