import { z } from 'zod';
import type { Route } from './route.js';
import { nothing } from './route.js';
import { timestamp } from './scalars.js';

const checks = z.array(
  z
    .strictObject({
      name: z.string(),
      status: z.enum(['passing', 'failing']),
      since: timestamp.meta({ description: 'Since when it passes, or fails.' }),
      reason: z.string().optional().meta({ description: 'What is wrong and what to do.' }),
    })
    .meta({ id: 'HealthCheck' }),
);

/** Whether the process is alive. */
export const health = {
  method: 'get',
  path: '/health',
  operationId: 'health',
  tag: 'Process',
  summary: 'Whether the process is alive',
  description: 'Says nothing about Redis: a process that waits for it must not be restarted.',
  params: nothing,
  query: nothing,
  bodyRequired: false,
  success: {
    status: 200,
    description: 'It is.',
    schema: z.strictObject({ status: z.literal('ok'), checks }).meta({ id: 'Health' }),
  },
  problems: [],
} as const satisfies Route;

/** Whether the process can do its work. */
export const ready = {
  method: 'get',
  path: '/ready',
  operationId: 'ready',
  tag: 'Process',
  summary: 'Whether the process can do its work',
  params: nothing,
  query: nothing,
  bodyRequired: false,
  success: {
    status: 200,
    description: 'All checks pass.',
    schema: z
      .strictObject({
        status: z.enum(['starting', 'ready', 'not ready', 'draining']).meta({
          description: '`starting` until all checks pass for the first time, `draining` while it winds up.',
        }),
        checks,
      })
      .meta({ id: 'Readiness' }),
  },
  alternative: { status: 503, description: 'At least one check fails.' },
  problems: [],
} as const satisfies Route;
