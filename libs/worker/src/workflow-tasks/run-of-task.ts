import { runAddress } from '@tidewheel/engine';
import type { EngineContext, RunAddress } from '@tidewheel/engine';
import { parseMember } from '@tidewheel/store';

/** The run that a stream entry points to. */
export function runOfTask(
  context: EngineContext,
  entry: { readonly member: string; readonly runId: string },
): RunAddress {
  const { namespace, workflowId } = parseMember(entry.member);
  return runAddress(context, context.keys.execution(namespace, workflowId), entry.runId);
}
