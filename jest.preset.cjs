// Unit tests: `*.spec.ts` beside the code, run against the sources of every library (no build needed), without Redis.
const swc = require('./jest.transform.cjs');

module.exports = {
  ...swc,
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  testEnvironmentOptions: { customExportConditions: ['@tidewheel/source', 'node', 'node-addons'] },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};
