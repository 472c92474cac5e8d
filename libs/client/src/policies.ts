import type {
  QueryRejectCondition as QueryRejectConditionName,
  WorkflowIdConflictPolicy as WorkflowIdConflictPolicyName,
  WorkflowIdReusePolicy as WorkflowIdReusePolicyName,
} from '@tidewheel/engine';

/** What happens when the last run of the workflow id is closed. */
export const WorkflowIdReusePolicy = {
  ALLOW_DUPLICATE: 'ALLOW_DUPLICATE',
  ALLOW_DUPLICATE_FAILED_ONLY: 'ALLOW_DUPLICATE_FAILED_ONLY',
  REJECT_DUPLICATE: 'REJECT_DUPLICATE',
} as const satisfies { readonly [Name in WorkflowIdReusePolicyName]: Name };

/** See {@link (WorkflowIdReusePolicy:variable)}. */
export type WorkflowIdReusePolicy = WorkflowIdReusePolicyName;

/** What happens when the workflow id has a running execution. */
export const WorkflowIdConflictPolicy = {
  FAIL: 'FAIL',
  USE_EXISTING: 'USE_EXISTING',
  TERMINATE_EXISTING: 'TERMINATE_EXISTING',
} as const satisfies { readonly [Name in WorkflowIdConflictPolicyName]: Name };

/** See {@link (WorkflowIdConflictPolicy:variable)}. */
export type WorkflowIdConflictPolicy = WorkflowIdConflictPolicyName;

/** Executions that a query is not put to. */
export const QueryRejectCondition = {
  NONE: 'NONE',
  NOT_OPEN: 'NOT_OPEN',
  NOT_COMPLETED_CLEANLY: 'NOT_COMPLETED_CLEANLY',
} as const satisfies { readonly [Name in QueryRejectConditionName]: Name };

/** See {@link (QueryRejectCondition:variable)}. */
export type QueryRejectCondition = QueryRejectConditionName;
