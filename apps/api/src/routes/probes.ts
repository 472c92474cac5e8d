import type { Health } from '@tidewheel/process';
import type { Handlers } from '../http/mount.js';

/** Answers whether the process lives and whether it can work. */
export function probeHandlers(
  health: Pick<Health, 'liveness' | 'readiness'>,
): Pick<Handlers, 'health' | 'ready'> {
  return {
    health: () => asJson(health.liveness()),

    ready(_request, { answerAs }) {
      const report = health.readiness();
      if (report.status !== 'ready') answerAs(503);
      return asJson(report);
    },
  };
}

function asJson<Report extends { readonly checks: readonly unknown[] }>(
  report: Report,
): Report & { checks: Report['checks'][number][] } {
  return { ...report, checks: [...report.checks] };
}
