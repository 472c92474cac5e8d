// What unit and integration tests share: TypeScript through swc, and `./x.js` finding `./x.ts`.
const path = require('node:path');

module.exports = {
  testEnvironment: 'node',
  resolver: path.join(__dirname, 'jest.resolver.cjs'),
  transform: {
    '^.+\\.[cm]?[tj]s$': [
      '@swc/jest',
      { swcrc: false, jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' },
    ],
  },
  // Packages that are ES modules only must be transformed too, because jest loads everything as CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(jose)/)'],
  moduleFileExtensions: ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs', 'json'],
  coverageReporters: ['text-summary', 'lcov'],
};
