import { startFileServer } from './file-server.js';

const port = Number(process.env['FILES_PORT'] ?? '7280');
const resultFolder = process.env['FILES_RESULTS'] ?? 'tmp/file-processing-results';
const server = await startFileServer({ port, resultFolder });
console.log(`Files to process are under ${server.url}/data/, results go to ${server.url}/results/`);
process.once('SIGINT', () => void server.close());
process.once('SIGTERM', () => void server.close());
