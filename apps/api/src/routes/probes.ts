import type { HealthCheck } from '@tidewheel/engine';
import { toTimestamp } from '@tidewheel/protocol';
import type { Handlers } from '../http/mount.js';

/** Answers whether the process lives and whether it can work. */
export function probeHandlers(checks: () => readonly HealthCheck[]): Pick<Handlers, 'health' | 'ready'> {
  return {
    health: () => ({ status: 'ok' }),

    ready(_request, { answerAs }) {
      const current = checks();
      const isReady = current.every(({ ok }) => ok);
      if (!isReady) answerAs(503);
      return {
        status: isReady ? 'ready' : 'not ready',
        checks: current.map(({ name, ok, sinceMs, message }) => ({
          name,
          ok,
          since: toTimestamp(sinceMs),
          ...(message !== undefined && { message }),
        })),
      };
    },
  };
}
