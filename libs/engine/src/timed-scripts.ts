import type { ScriptRunner } from '@tidewheel/store';
import type { EngineMetrics } from './engine-metrics.js';

/** A runner of scripts that tells how long each call took, from handing it over to its reply. */
export function timedScripts(run: ScriptRunner, metrics: EngineMetrics): ScriptRunner {
  return (script, args) => {
    const beganMs = performance.now();
    const reply = run(script, args);
    reply.then(
      () => metrics.scriptCalled(script.name, performance.now() - beganMs, false),
      () => metrics.scriptCalled(script.name, performance.now() - beganMs, true),
    );
    return reply;
  };
}
