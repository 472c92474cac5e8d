import { Client, Connection } from '@tidewheel/client';
import { processFile } from './workflows.js';

const files = process.env['FILES_URL'] ?? 'http://127.0.0.1:7280';
const [name = 'cars.json'] = process.argv.slice(2);
const connection = await Connection.connect({
  url: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:7379',
});
const client = new Client({ connection });
const report = await client.workflow.execute(processFile, {
  workflowId: `file-${name}-${Date.now()}`,
  taskQueue: 'file-processing',
  args: [{ sourceUrl: `${files}/data/${name}`, targetUrl: `${files}/results/${name}` }],
});
console.log(report);
await connection.close();
