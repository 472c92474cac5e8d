import type { EngineContext, RunAddress } from '../engine-context.js';

/** Events fetched at a time. */
const PAGE = 1_000;

/**
 * Events of a run in storage encoding, in order.
 *
 * @param from first event id wanted
 * @param to last event id wanted
 */
export async function readStoredEvents(
  context: EngineContext,
  run: Pick<RunAddress, 'history'>,
  from: number,
  to: number,
): Promise<Buffer[]> {
  const events: Buffer[] = [];
  for (let next = from; next <= to; next += PAGE) {
    const page = await context.redis.lrangeBuffer(run.history, next - 1, Math.min(next + PAGE - 1, to) - 1);
    events.push(...page);
    if (page.length === 0) break;
  }
  return events;
}
