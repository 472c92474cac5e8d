// Workflows whose failures are encoded; see encoding-failure-converter.ts.
export { failWith } from './property-workflows.js';
