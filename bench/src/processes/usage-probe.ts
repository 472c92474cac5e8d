// Preloaded into a process that knows nothing of the bench (`node --import`), so that it tells its processor time.
import { isMainThread } from 'node:worker_threads';
import { answerCalls } from './calls.js';
import { cpuMicros } from './usage.js';
import type { UsageCalls } from './usage.js';

const calls: UsageCalls = { cpuMicros };
if (isMainThread) answerCalls(calls);
