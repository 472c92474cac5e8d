import type { Failure, FailureInfo } from '@tidewheel/core';
import type { P } from '../proto.js';
import { int64, toNumber } from '../proto.js';
import { applicationErrorCategory, retryState, timeoutType } from './enums.js';
import { payloadFromProto, payloadsFromProto, payloadsToProto, payloadToProto } from './payload.js';
import { durationMs, durationToProto } from './time.js';

/** Causes behind a failure that are read; a longer chain is cut off, as it is where failures are stored. */
const MAX_CAUSES = 250;

/** A failure as data. Kinds that the engine does not have, those of Nexus, keep their message and causes. */
export function failureFromProto(failure: P.Failure, causesAbove = 0): Failure {
  const info = infoFromProto(failure);
  const { cause, encodedAttributes, source, stackTrace } = failure;
  return {
    message: failure.message ?? '',
    ...(source && { source }),
    ...(stackTrace && { stackTrace }),
    ...(encodedAttributes && { encodedAttributes: payloadFromProto(encodedAttributes) }),
    ...(info && { info }),
    ...(cause && causesAbove < MAX_CAUSES && { cause: failureFromProto(cause, causesAbove + 1) }),
  };
}

export function failureToProto(failure: Failure): P.Failure {
  return {
    message: failure.message,
    source: failure.source ?? '',
    stackTrace: failure.stackTrace ?? '',
    encodedAttributes: failure.encodedAttributes ? payloadToProto(failure.encodedAttributes) : null,
    cause: failure.cause ? failureToProto(failure.cause) : null,
    ...(failure.info && infoToProto(failure.info)),
  };
}

function infoFromProto(failure: P.Failure): FailureInfo | undefined {
  if (failure.applicationFailureInfo) return applicationFromProto(failure.applicationFailureInfo);
  if (failure.timeoutFailureInfo) {
    const { lastHeartbeatDetails, timeoutType: type } = failure.timeoutFailureInfo;
    return {
      kind: 'timeout',
      timeoutType: timeoutType.fromProto(type) ?? 'UNSPECIFIED',
      ...(lastHeartbeatDetails && { lastHeartbeatDetails: payloadsFromProto(lastHeartbeatDetails) }),
    };
  }
  if (failure.canceledFailureInfo) {
    const { details, identity } = failure.canceledFailureInfo;
    return {
      kind: 'canceled',
      ...(details && { details: payloadsFromProto(details) }),
      ...(identity && { identity }),
    };
  }
  if (failure.terminatedFailureInfo) {
    const { identity } = failure.terminatedFailureInfo;
    return { kind: 'terminated', ...(identity && { identity }) };
  }
  if (failure.serverFailureInfo) {
    return { kind: 'server', nonRetryable: failure.serverFailureInfo.nonRetryable ?? false };
  }
  if (failure.resetWorkflowFailureInfo) {
    const { lastHeartbeatDetails } = failure.resetWorkflowFailureInfo;
    return {
      kind: 'resetWorkflow',
      ...(lastHeartbeatDetails && { lastHeartbeatDetails: payloadsFromProto(lastHeartbeatDetails) }),
    };
  }
  if (failure.activityFailureInfo) return activityFromProto(failure.activityFailureInfo);
  if (failure.childWorkflowExecutionFailureInfo) {
    return childWorkflowFromProto(failure.childWorkflowExecutionFailureInfo);
  }
  return undefined;
}

function applicationFromProto(info: NonNullable<P.Failure['applicationFailureInfo']>): FailureInfo {
  return {
    kind: 'application',
    nonRetryable: info.nonRetryable ?? false,
    ...(info.type && { type: info.type }),
    ...(info.details && { details: payloadsFromProto(info.details) }),
    ...(info.nextRetryDelay && { nextRetryDelayMs: durationMs(info.nextRetryDelay) }),
    ...(applicationErrorCategory.fromProto(info.category) === 'BENIGN' && { category: 'BENIGN' as const }),
  };
}

function activityFromProto(info: NonNullable<P.Failure['activityFailureInfo']>): FailureInfo {
  return {
    kind: 'activity',
    scheduledEventId: toNumber(info.scheduledEventId),
    startedEventId: toNumber(info.startedEventId),
    activityType: info.activityType?.name ?? '',
    activityId: info.activityId ?? '',
    retryState: retryState.fromProto(info.retryState) ?? 'UNSPECIFIED',
    ...(info.identity && { identity: info.identity }),
  };
}

function childWorkflowFromProto(
  info: NonNullable<P.Failure['childWorkflowExecutionFailureInfo']>,
): FailureInfo {
  return {
    kind: 'childWorkflow',
    workflowId: info.workflowExecution?.workflowId ?? '',
    runId: info.workflowExecution?.runId ?? '',
    workflowType: info.workflowType?.name ?? '',
    initiatedEventId: toNumber(info.initiatedEventId),
    startedEventId: toNumber(info.startedEventId),
    retryState: retryState.fromProto(info.retryState) ?? 'UNSPECIFIED',
    ...(info.namespace && { namespace: info.namespace }),
  };
}

function infoToProto(info: FailureInfo): P.Failure {
  switch (info.kind) {
    case 'application':
      return {
        applicationFailureInfo: {
          type: info.type ?? '',
          nonRetryable: info.nonRetryable,
          details: payloadsToProto(info.details),
          nextRetryDelay: info.nextRetryDelayMs === undefined ? null : durationToProto(info.nextRetryDelayMs),
          category: applicationErrorCategory.toProto(info.category ?? 'UNSPECIFIED'),
        },
      };
    case 'timeout':
      return {
        timeoutFailureInfo: {
          timeoutType: timeoutType.toProto(info.timeoutType),
          lastHeartbeatDetails: payloadsToProto(info.lastHeartbeatDetails),
        },
      };
    case 'canceled':
      return {
        canceledFailureInfo: { details: payloadsToProto(info.details), identity: info.identity ?? '' },
      };
    case 'terminated':
      return { terminatedFailureInfo: { identity: info.identity ?? '' } };
    case 'server':
      return { serverFailureInfo: { nonRetryable: info.nonRetryable } };
    case 'resetWorkflow':
      return {
        resetWorkflowFailureInfo: { lastHeartbeatDetails: payloadsToProto(info.lastHeartbeatDetails) },
      };
    case 'activity':
      return {
        activityFailureInfo: {
          scheduledEventId: int64(info.scheduledEventId),
          startedEventId: int64(info.startedEventId),
          identity: info.identity ?? '',
          activityType: { name: info.activityType },
          activityId: info.activityId,
          retryState: retryState.toProto(info.retryState),
        },
      };
    case 'childWorkflow':
      return {
        childWorkflowExecutionFailureInfo: {
          namespace: info.namespace ?? '',
          workflowExecution: { workflowId: info.workflowId, runId: info.runId },
          workflowType: { name: info.workflowType },
          initiatedEventId: int64(info.initiatedEventId),
          startedEventId: int64(info.startedEventId),
          retryState: retryState.toProto(info.retryState),
        },
      };
  }
}
