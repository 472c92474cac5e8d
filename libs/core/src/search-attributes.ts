import { identifierFault } from './identifier.js';
import { LIMITS } from './limits.js';
import { payloadsSizeBytes } from './payload.js';
import type { PayloadMap } from './payload.js';

/** What a search attribute can hold, by Temporal's names and numbers. */
export const SEARCH_ATTRIBUTE_TYPE_CODES = {
  Text: 1,
  Keyword: 2,
  Int: 3,
  Double: 4,
  Bool: 5,
  Datetime: 6,
  KeywordList: 7,
} as const;

/** A name among {@link SEARCH_ATTRIBUTE_TYPE_CODES}. */
export type SearchAttributeType = keyof typeof SEARCH_ATTRIBUTE_TYPE_CODES;

/** Types of search attributes by name. */
export type SearchAttributeTypes = Readonly<Record<string, SearchAttributeType>>;

/** What every execution can be found by: kept by the engine itself, and set by nobody else. */
export const SYSTEM_SEARCH_ATTRIBUTES = {
  WorkflowId: 'Keyword',
  RunId: 'Keyword',
  WorkflowType: 'Keyword',
  TaskQueue: 'Keyword',
  ExecutionStatus: 'Keyword',
  StartTime: 'Datetime',
  CloseTime: 'Datetime',
} as const satisfies SearchAttributeTypes;

/** What Temporal's servers keep by themselves and this engine does not index yet: no attribute may have these names. */
const FURTHER_SYSTEM_NAMES: ReadonlySet<string> = new Set([
  'ExecutionTime',
  'ExecutionDuration',
  'HistoryLength',
  'HistorySizeBytes',
  'StateTransitionCount',
  'ParentWorkflowId',
  'ParentRunId',
  'RootWorkflowId',
  'RootRunId',
  'NamespaceId',
  'VisibilityTaskKey',
]);

/** What is known in every namespace without being registered: SDKs and the platform set these. */
export const PREDEFINED_SEARCH_ATTRIBUTES = {
  TemporalChangeVersion: 'KeywordList',
  BuildIds: 'KeywordList',
  BinaryChecksums: 'KeywordList',
  BatcherNamespace: 'Keyword',
  BatcherUser: 'Keyword',
  TemporalNamespaceDivision: 'Keyword',
  TemporalScheduledStartTime: 'Datetime',
  TemporalScheduledById: 'Keyword',
  TemporalSchedulePaused: 'Bool',
  TemporalPauseInfo: 'KeywordList',
  TemporalReportedProblems: 'KeywordList',
  TemporalWorkerDeployment: 'Keyword',
  TemporalWorkerDeploymentVersion: 'Keyword',
  TemporalWorkflowVersioningBehavior: 'Keyword',
  TemporalUsedWorkerDeploymentVersions: 'KeywordList',
  TemporalExternalPayloadCount: 'Int',
  TemporalExternalPayloadSizeBytes: 'Int',
} as const satisfies SearchAttributeTypes;

const RESERVED_PREFIX = 'Temporal';
const NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** The type of a search attribute that may be set in a namespace; undefined when there is none of that name. */
export function settableSearchAttributeType(
  custom: SearchAttributeTypes | undefined,
  name: string,
): SearchAttributeType | undefined {
  if (Object.hasOwn(PREDEFINED_SEARCH_ATTRIBUTES, name)) {
    return PREDEFINED_SEARCH_ATTRIBUTES[name as keyof typeof PREDEFINED_SEARCH_ATTRIBUTES];
  }
  return custom && Object.hasOwn(custom, name) ? custom[name] : undefined;
}

/** Why a search attribute cannot be registered under a name; undefined when it can. */
export function searchAttributeNameFault(name: string): string | undefined {
  const shown = JSON.stringify(name);
  const fault = identifierFault(name);
  if (fault) return `the name ${fault}`;
  if (name.length > LIMITS.searchAttributeNameLength) {
    return `the name must have at most ${LIMITS.searchAttributeNameLength} characters, has ${name.length}`;
  }
  if (!NAME_PATTERN.test(name)) {
    return `${shown} must start with a letter or "_" and contain only letters, digits, "_", "." and "-"`;
  }
  if (isSystemSearchAttribute(name) || Object.hasOwn(PREDEFINED_SEARCH_ATTRIBUTES, name)) {
    return `Search attribute ${name} is reserved by system.`;
  }
  if (name.startsWith(RESERVED_PREFIX)) {
    return `Search attribute ${name} is reserved by system: names that begin with ${RESERVED_PREFIX} are.`;
  }
  return undefined;
}

/** Whether the engine keeps the attribute itself, so that nobody can set it. */
export function isSystemSearchAttribute(name: string): boolean {
  return Object.hasOwn(SYSTEM_SEARCH_ATTRIBUTES, name) || FURTHER_SYSTEM_NAMES.has(name);
}

/** What of a map of search attributes is more or larger than one run may have; undefined when it is sound. */
export function searchAttributesSizeFault(map: PayloadMap): string | undefined {
  const names = Object.keys(map);
  if (names.length > LIMITS.searchAttributesPerRun) {
    return `number of search attributes ${names.length} exceeds limit ${LIMITS.searchAttributesPerRun}`;
  }
  for (const [name, payload] of Object.entries(map)) {
    const bytes = payload.data.byteLength;
    if (bytes > LIMITS.searchAttributeValueBytes) {
      return `search attribute ${name} value size ${bytes} exceeds size limit ${LIMITS.searchAttributeValueBytes}`;
    }
  }
  const total = payloadsSizeBytes(Object.values(map)) + names.reduce((sum, name) => sum + name.length, 0);
  return total > LIMITS.searchAttributesBytes
    ? `total size of search attributes ${total} exceeds size limit ${LIMITS.searchAttributesBytes}`
    : undefined;
}
