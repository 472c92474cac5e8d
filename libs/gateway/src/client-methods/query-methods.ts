import type { MethodTable } from '../call-context.js';
import { executionStatus, queryRejectCondition } from '../convert/enums.js';
import { payloadMapFromProto, payloadsFromProto, payloadsToProto } from '../convert/payload.js';
import type { GatewayContext } from '../gateway-context.js';
import { executionAddress, requireText } from './request-fields.js';

/** Time left to answer that there was no answer, before the caller stops waiting. */
const MARGIN_MS = 500;
/** How long a query may take when its caller sets no deadline. */
const LONGEST_MS = 30_000;

export function queryMethods({ engine }: GatewayContext): MethodTable {
  return {
    async QueryWorkflow(request, { deadlineMs }) {
      const response = await engine.queryWorkflow({
        ...executionAddress(request.namespace, request.execution, 'execution'),
        queryType: requireText('query.query_type', request.query?.queryType),
        queryArgs: payloadsFromProto(request.query?.queryArgs),
        header: payloadMapFromProto(request.query?.header?.fields),
        rejectCondition: queryRejectCondition.fromProto(request.queryRejectCondition),
        timeoutMs: Math.min(Math.max(1, deadlineMs - Date.now() - MARGIN_MS), LONGEST_MS),
      });
      return response.rejected
        ? { queryRejected: { status: executionStatus.toProto(response.status) } }
        : { queryResult: payloadsToProto(response.result) };
    },
  };
}
