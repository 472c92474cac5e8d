// It is a CommonJS module whose names Node.js does not find.
import proto from '@temporalio/proto';

export const { CommandType, EventType, TaskQueueKind, TaskQueueType, WorkflowTaskFailedCause } =
  proto.temporal.api.enums.v1;
