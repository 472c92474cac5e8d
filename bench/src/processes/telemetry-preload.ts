// Loaded with --import before the modules of a process of the bench: starts telemetry, as the apps do first of all.
import { startTelemetry } from '@tidewheel/telemetry-node';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) await startTelemetry({ service: 'tidewheel-bench' });
