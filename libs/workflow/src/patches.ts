import { defaultPayloadConverter } from '@tidewheel/common';
import { mutableExecution } from './execution/current-execution.js';

/** Name of the markers that record a patch, as every Temporal SDK writes it. */
export const PATCH_MARKER_NAME = 'core_patch';
/** Key of a patch marker's details; the value is JSON `{ id, deprecated }`. */
export const PATCH_DETAILS_KEY = 'patch-data';

/**
 * Whether the run takes the new branch of changed workflow code: true when it was reached first by code that has the
 * patch, false in the replay of what older code did. The answer is recorded, and stays the same for the whole run.
 *
 * @example
 * ```ts
 * if (patched('charge-before-shipping')) await charge(order);
 * ```
 */
export function patched(patchId: string): boolean {
  return usesPatch(patchId, false);
}

/**
 * Marks a patch whose old branch is gone from the code. Remove the call when no run is left that recorded the patch
 * without this call.
 */
export function deprecatePatch(patchId: string): void {
  usesPatch(patchId, true);
}

function usesPatch(patchId: string, deprecated: boolean): boolean {
  const execution = mutableExecution(deprecated ? 'deprecatePatch()' : 'patched()');
  const earlier = execution.patchAnswers.get(patchId);
  if (earlier !== undefined) return earlier;
  const answer = !execution.isReplaying || execution.recordedPatchIds.includes(patchId);
  execution.patchAnswers.set(patchId, answer);
  if (answer) {
    const data = defaultPayloadConverter.toPayload({ id: patchId, deprecated });
    execution.addCommand({
      commandType: 'RecordMarker',
      attributes: { markerName: PATCH_MARKER_NAME, details: { [PATCH_DETAILS_KEY]: [data] } },
    });
  }
  return answer;
}
