import { Client, Connection } from '@tidewheel/client';
import { hello } from './workflows.js';

const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:7379';
const connection = await Connection.connect({ url });
const client = new Client({ connection });
const greeting = await client.workflow.execute(hello, {
  workflowId: `hello-${Date.now()}`,
  taskQueue: 'hello',
  args: ['Ada'],
});
console.log(greeting);
await connection.close();
