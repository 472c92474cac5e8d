import { runAutoscaled } from './autoscaled-run.js';

/** A safety net: the run takes half a minute. */
const TIMEOUT_MS = 300_000;

it(
  'a fleet follows a wave of load up and down, and nothing is lost or done twice',
  async () => {
    const { samples, workflows, exitCodes, violations } = await runAutoscaled({
      partitions: 1,
      maxReplicas: 4,
      calmPerSecond: 2,
      wavePerSecond: 25,
      calmMs: 2_000,
      waveMs: 8_000,
      stabilizationWindowMs: 3_000,
    });
    expect(violations).toEqual([]);
    expect(workflows).toBeGreaterThan(100);
    // Those that were told to end did so in order; all but one were, each time that the load sank.
    expect(new Set(exitCodes)).toEqual(new Set([0]));
    expect(exitCodes.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...samples.map(({ workers }) => workers))).toBe(4);
    // What waited in the wave was worked off, and the fleet was let go again.
    expect(Math.max(...samples.map(({ backlog }) => backlog))).toBeGreaterThan(0);
    expect(samples.at(-1)).toMatchObject({ workers: 1, leaving: 0, backlog: 0, inFlight: 0, oldestMs: 0 });
  },
  TIMEOUT_MS,
);
