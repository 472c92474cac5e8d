import type { UserMetadata } from '@tidewheel/core';
import type { P } from '../proto.js';
import { payloadFromProto, payloadToProto } from './payload.js';

/** Undefined when there is neither summary nor details. */
export function userMetadataFromProto(metadata: P.UserMetadata | null | undefined): UserMetadata | undefined {
  if (!metadata?.summary && !metadata?.details) return undefined;
  return {
    ...(metadata.summary && { summary: payloadFromProto(metadata.summary) }),
    ...(metadata.details && { details: payloadFromProto(metadata.details) }),
  };
}

export function userMetadataToProto(metadata: UserMetadata | undefined): P.UserMetadata | null {
  if (!metadata) return null;
  return {
    summary: metadata.summary ? payloadToProto(metadata.summary) : null,
    details: metadata.details ? payloadToProto(metadata.details) : null,
  };
}
