import { recordWorkers } from '@tidewheel/engine';
import type { WorkerHeartbeat } from '@tidewheel/engine';
import type { MethodTable } from '../call-context.js';
import { heartbeatFromProto, heartbeatToProto, workerListInfo } from '../convert/worker-heartbeat.js';
import { invalidArgument } from '../errors.js';
import type { GatewayContext } from '../gateway-context.js';
import { int64 } from '../proto.js';
import { given, requireText } from './request-fields.js';

/** Heartbeats that one call may carry. */
const MAX_HEARTBEATS = 1_000;
/** Workers say something each minute unless told otherwise; they do not say how often they do. */
const USUAL_INTERVAL_MS = 60_000;
const MIN_INTERVAL_MS = 10_000;
/** How many heartbeats may fail to come before a worker counts as gone. */
const HEARTBEATS_MISSED = 3;

/** The register of workers: official ones tell it of themselves through these methods. */
export function workerRegistryMethods({ engine }: GatewayContext): MethodTable {
  return {
    async RecordWorkerHeartbeat(request) {
      const namespace = requireText('namespace', request.namespace);
      const heartbeats = (request.workerHeartbeat ?? []).map(heartbeatFromProto);
      if (heartbeats.length > MAX_HEARTBEATS) {
        throw invalidArgument('worker_heartbeat', `must have at most ${MAX_HEARTBEATS} entries`);
      }
      const validMs = Math.max(MIN_INTERVAL_MS, ...heartbeats.map(intervalMs)) * HEARTBEATS_MISSED;
      await recordWorkers(engine.context, namespace, heartbeats, { validMs });
      return {};
    },

    async ListWorkers(request) {
      const page = await engine.listWorkers({
        namespace: requireText('namespace', request.namespace),
        pageSize: request.pageSize || undefined,
        pageToken: given(Buffer.from(request.nextPageToken ?? []).toString()),
        query: given(request.query),
      });
      return {
        workersInfo: page.workers.map((worker) => ({ workerHeartbeat: heartbeatToProto(worker) })),
        workers: page.workers.map(workerListInfo),
        nextPageToken: Buffer.from(page.nextPageToken ?? ''),
      };
    },

    async CountWorkers(request) {
      const namespace = requireText('namespace', request.namespace);
      return { count: int64(await engine.countWorkers({ namespace, query: given(request.query) })) };
    },

    async DescribeWorker(request) {
      const namespace = requireText('namespace', request.namespace);
      const key = requireText('worker_instance_key', request.workerInstanceKey);
      return {
        workerInfo: { workerHeartbeat: heartbeatToProto(await engine.describeWorker(namespace, key)) },
      };
    },
  };
}

/** The time between a worker's heartbeats, as far as the latest one shows it. */
function intervalMs({ elapsedSinceLastHeartbeatMs }: WorkerHeartbeat): number {
  return elapsedSinceLastHeartbeatMs || USUAL_INTERVAL_MS;
}
