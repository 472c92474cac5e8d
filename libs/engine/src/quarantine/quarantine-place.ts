/** What stands for a quarantined task in its partition's index, which is sorted by it: by namespace first. */
export interface QuarantinePlace {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Undefined for the run's workflow task. */
  readonly activity?: { readonly activityId: string; readonly scheduledEventId: number } | undefined;
}

/** Writes a place; see {@link parsePlace}. */
export function formatPlace({ namespace, workflowId, runId, activity }: QuarantinePlace): string {
  const { activityId = '', scheduledEventId = 0 } = activity ?? {};
  return `${namespace}:${runId}:${scheduledEventId}:${activityId.length}:${activityId}${workflowId}`;
}

/** Reads what {@link formatPlace} wrote: namespaces, run ids and numbers have no colons. */
export function parsePlace(text: string): QuarantinePlace {
  const [namespace = '', runId = '', scheduledEventId = '', length = ''] = text.split(':', 4);
  const from = namespace.length + runId.length + scheduledEventId.length + length.length + 4;
  const activityId = text.slice(from, from + Number(length));
  return {
    namespace,
    runId,
    workflowId: text.slice(from + Number(length)),
    ...(activityId !== '' && { activity: { activityId, scheduledEventId: Number(scheduledEventId) } }),
  };
}
