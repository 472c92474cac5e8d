import { status } from '@grpc/grpc-js';
import type { handleServerStreamingCall, handleUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { GatewayError, toServiceError } from './errors.js';

/** Numbers of grpc.health.v1.HealthCheckResponse.ServingStatus. */
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** How often somebody who watches is told of a change. */
const LOOK_MS = 2_000;

const SERVICE_NAMES: ReadonlySet<string> = new Set([
  '',
  'temporal.api.workflowservice.v1.WorkflowService',
  'temporal.api.operatorservice.v1.OperatorService',
]);

interface HealthRequest {
  readonly service: string;
}

interface HealthResponse {
  readonly status: number;
}

/**
 * The standard health service of gRPC.
 *
 * @param isServing whether calls can be answered now
 * @param closing aborted when the gateway is closing: it is not serving any more, and nobody can watch
 */
export function healthService(
  isServing: () => Promise<boolean>,
  closing: AbortSignal,
): UntypedServiceImplementation {
  const look = async (): Promise<number> =>
    !closing.aborted && (await isServing().catch(() => false)) ? SERVING : NOT_SERVING;

  const check: handleUnaryCall<HealthRequest, HealthResponse> = ({ request }, respond) => {
    if (!SERVICE_NAMES.has(request.service)) {
      const unknown = new GatewayError(status.NOT_FOUND, `unknown service ${request.service}`);
      respond(toServiceError(unknown));
      return;
    }
    void look().then((now) => respond(null, { status: now }));
  };

  const watch: handleServerStreamingCall<HealthRequest, HealthResponse> = (call) => {
    const known = SERVICE_NAMES.has(call.request.service);
    let told: number | undefined;
    const tell = (now: number): void => {
      if (call.cancelled || now === told) return;
      told = now;
      call.write({ status: now });
    };
    const lookAgain = async (): Promise<void> => tell(known ? await look() : SERVICE_UNKNOWN);
    const timer = setInterval(() => void lookAgain(), LOOK_MS);
    const end = (): void => {
      clearInterval(timer);
      closing.removeEventListener('abort', leave);
    };
    const leave = (): void => {
      tell(NOT_SERVING);
      end();
      call.end();
    };
    call.on('cancelled', end);
    if (closing.aborted) leave();
    else {
      closing.addEventListener('abort', leave);
      void lookAgain();
    }
  };

  return { Check: check, Watch: watch };
}
