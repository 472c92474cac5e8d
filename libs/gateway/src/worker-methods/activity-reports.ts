import type { Payloads } from '@tidewheel/core';
import { cancelActivity, completeActivity, failActivity, heartbeatActivity } from '@tidewheel/engine';
import type { ActivityAttempt, ActivityReporter } from '@tidewheel/engine';
import { activityAttemptOf, decodeActivityTaskToken } from '@tidewheel/remote-polling';
import type { MethodTable } from '../call-context.js';
import { failureFromProto } from '../convert/failure.js';
import { payloadsFromProto } from '../convert/payload.js';
import type { P } from '../proto.js';
import type { WorkerMethodsContext } from './index.js';
import { readToken } from './read-token.js';
import type { TokenRequest } from './read-token.js';

type ActivityReports = Pick<
  MethodTable,
  | 'RecordActivityTaskHeartbeat'
  | 'RecordActivityTaskHeartbeatById'
  | 'RespondActivityTaskCompleted'
  | 'RespondActivityTaskCompletedById'
  | 'RespondActivityTaskFailed'
  | 'RespondActivityTaskFailedById'
  | 'RespondActivityTaskCanceled'
  | 'RespondActivityTaskCanceledById'
>;

/** Names the attempt that is started under an activity id. */
interface ById {
  readonly namespace?: string | null;
  readonly workflowId?: string | null;
  readonly runId?: string | null;
  readonly activityId?: string | null;
}

/** Handlers of what workers, and others on their behalf, report on activities. */
export function activityReports({ engine }: WorkerMethodsContext): ActivityReports {
  const { context } = engine;

  async function attemptOf(request: TokenRequest): Promise<ActivityAttempt> {
    return activityAttemptOf(context, await readToken(context, request, decodeActivityTaskToken));
  }

  function findAttempt({ namespace, workflowId, runId, activityId }: ById): Promise<ActivityAttempt> {
    return engine.findActivity({
      namespace: namespace ?? '',
      workflowId: workflowId ?? '',
      runId: runId ? runId : undefined,
      activityId: activityId ?? '',
    });
  }

  async function heartbeat(
    attempt: ActivityAttempt,
    request: { readonly details?: P.Payloads | null; readonly identity?: string | null },
  ): Promise<{ readonly cancelRequested: boolean }> {
    const { cancelRequested } = await heartbeatActivity(
      context,
      attempt,
      payloadsFromProto(request.details),
      reporterOf(request).identity,
    );
    return { cancelRequested };
  }

  async function complete(attempt: ActivityAttempt, result: Payloads, reporter: ActivityReporter) {
    await completeActivity(context, attempt, result, reporter);
    return {};
  }

  async function fail(
    attempt: ActivityAttempt,
    report: {
      readonly failure?: P.Failure | null;
      readonly lastHeartbeatDetails?: P.Payloads | null;
      readonly identity?: string | null;
    },
  ) {
    const details = payloadsFromProto(report.lastHeartbeatDetails);
    // The next attempt gets them, should there be one.
    if (details.length > 0) await heartbeatActivity(context, attempt, details);
    const failure = failureFromProto(report.failure ?? {});
    await failActivity(context, attempt, failure, reporterOf(report));
    return {};
  }

  async function cancel(attempt: ActivityAttempt, details: Payloads, reporter: ActivityReporter) {
    await cancelActivity(context, attempt, details, reporter);
    return {};
  }

  return {
    RecordActivityTaskHeartbeat: async (request) => heartbeat(await attemptOf(request), request),
    RecordActivityTaskHeartbeatById: async (request) => heartbeat(await findAttempt(request), request),
    RespondActivityTaskCompleted: async (request) =>
      complete(await attemptOf(request), payloadsFromProto(request.result), reporterOf(request)),
    RespondActivityTaskCompletedById: async (request) =>
      complete(await findAttempt(request), payloadsFromProto(request.result), reporterOf(request)),
    RespondActivityTaskFailed: async (request) => fail(await attemptOf(request), request),
    RespondActivityTaskFailedById: async (request) => fail(await findAttempt(request), request),
    RespondActivityTaskCanceled: async (request) =>
      cancel(await attemptOf(request), payloadsFromProto(request.details), reporterOf(request)),
    RespondActivityTaskCanceledById: async (request) =>
      cancel(await findAttempt(request), payloadsFromProto(request.details), reporterOf(request)),
  };
}

function reporterOf({ identity }: { readonly identity?: string | null }): ActivityReporter {
  return { identity: identity ?? '' };
}
