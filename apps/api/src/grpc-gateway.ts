import { TidewheelError, UnavailableError } from '@tidewheel/core';
import type { Engine } from '@tidewheel/engine';
import { accessRefused, Gateway } from '@tidewheel/gateway';
import type { Authorize as GatewayAuthorize, Guard } from '@tidewheel/gateway';
import type { TaskHub } from '@tidewheel/remote-polling';
import { serviceMetrics } from '@tidewheel/telemetry';
import type { Logger } from '@tidewheel/telemetry';
import { AccessRefusedError } from './authorize.js';
import type { Authorize } from './authorize.js';
import type { Configuration } from './configuration.js';
import type { EngineGate } from './engine-gate.js';
import { refusalOf } from './problem.js';
import { programVersion } from './version.js';

/** What the gateway is made of. */
interface GatewayParts {
  readonly engine: Engine;
  /** Where polls wait; default: a hub of the gateway's own. */
  readonly hub?: TaskHub;
  readonly gate: Pick<EngineGate, 'call'>;
  readonly authorize: Authorize;
  readonly configuration: Configuration;
  readonly logger: Logger;
}

/**
 * Starts the gateway for clients and workers of Temporal, when it is configured. While Redis is away it refuses calls as
 * the HTTP interface does.
 *
 * @throws when the port cannot be had
 */
export async function startGrpcGateway(parts: GatewayParts): Promise<Gateway | undefined> {
  const { engine, hub, gate, logger } = parts;
  const { grpcPort, host, shutdownTimeoutMs } = parts.configuration;
  if (grpcPort === undefined) return undefined;
  const gateway = await Gateway.start({
    engine,
    hub,
    host,
    port: grpcPort,
    logger,
    guard: throughGate(gate),
    observe: serviceMetrics('grpc'),
    authorize: grpcAuthorization(parts.authorize),
    version: programVersion(),
    closeTimeoutMs: shutdownTimeoutMs,
  });
  logger.info({ host, grpcPort: gateway.port }, 'serving gRPC');
  return gateway;
}

function grpcAuthorization(authorize: Authorize): GatewayAuthorize {
  return async (call) => {
    try {
      await authorize({
        // The metadata is made when it is asked for.
        header: (name) => call.metadata.get(name)[0]?.toString(),
        namespace: call.namespace,
        operation: call.method,
      });
    } catch (error) {
      throw error instanceof AccessRefusedError ? accessRefused(error.code, error.message) : error;
    }
  };
}

function throughGate(gate: Pick<EngineGate, 'call'>): Guard {
  return async (ask, waitMs) => {
    try {
      return await gate.call(ask, waitMs);
    } catch (error) {
      if (error instanceof TidewheelError) throw error;
      const refusal = refusalOf(error);
      throw refusal?.code === 'UNAVAILABLE' ? new UnavailableError(refusal.detail, { cause: error }) : error;
    }
  };
}
