import { seedFromEnv, waitUntil } from '@tidewheel/testing';
import type { Ending } from './fleet-activities.js';
import { FleetDeployment } from './fleet-deployment.js';
import { HorizontalAutoscaler } from './horizontal-autoscaler.js';
import { LoadWave } from './load-wave.js';
import { WorkerFleet } from './worker-fleet.js';

/** A wave of load, and the fleet that follows it. */
interface AutoscaledRunOptions {
  readonly partitions: number;
  readonly maxReplicas: number;
  /** Starts a second before and after the wave, and in it. */
  readonly calmPerSecond: number;
  readonly wavePerSecond: number;
  readonly calmMs: number;
  readonly waveMs: number;
  /** `stabilizationWindowSeconds` of scaling in; 300 s in Kubernetes. */
  readonly stabilizationWindowMs: number;
}

/** How things stood at one look of the autoscaler. */
export interface Sample {
  readonly atMs: number;
  readonly workers: number;
  /** Told to end, and still running. */
  readonly leaving: number;
  readonly backlog: number;
  readonly inFlight: number;
  readonly oldestMs: number;
}

/** What came of a run. */
interface AutoscaledRun {
  readonly samples: readonly Sample[];
  readonly workflows: number;
  /** Activities of which a worker that ended handed back one attempt or more. */
  readonly handedBack: number;
  /** Exit codes of the workers that were told to end; null for one that a signal ended. */
  readonly exitCodes: readonly (number | null)[];
  /** What histories violate, and workflows without a result. */
  readonly violations: readonly string[];
}

const SLOTS = 10;
/** Time runs fifteen times as fast as in Kubernetes, whose controller looks every 15 s. */
const SYNC_MS = 1_000;
const SHUTDOWN_TIMEOUT_MS = 2_000;
const PATIENCE_MS = 120_000;

/**
 * Lets a real fleet follow a wave of load, by the algorithm of the HorizontalPodAutoscaler over the scaling endpoint:
 * from one worker to the most there may be and back to one, while work comes all the time.
 */
export async function runAutoscaled(
  options: AutoscaledRunOptions,
  tell: (message: string) => void = () => undefined,
): Promise<AutoscaledRun> {
  const deployment = await FleetDeployment.start(options.partitions);
  const { redisUrl } = deployment;
  const fleet = new WorkerFleet({ redisUrl, slots: SLOTS, shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS });
  try {
    return await follow(options, deployment, fleet, tell);
  } finally {
    await fleet.destroy();
    await deployment.stop();
  }
}

async function follow(
  options: AutoscaledRunOptions,
  deployment: FleetDeployment,
  fleet: WorkerFleet,
  tell: (message: string) => void,
): Promise<AutoscaledRun> {
  const { maxReplicas, calmPerSecond, wavePerSecond, calmMs, waveMs } = options;
  const samples: Sample[] = [];
  const autoscaler = autoscalerOf(options);
  const startedMs = performance.now();
  const look = async (): Promise<Sample> => {
    const { backlog, inFlight, oldestMs } = await deployment.activityScaling();
    const atMs = performance.now() - startedMs;
    const sample = { atMs, workers: fleet.size, leaving: fleet.leavingCount, backlog, inFlight, oldestMs };
    samples.push(sample);
    tell(JSON.stringify(sample));
    return sample;
  };
  await fleet.scaleTo(1);
  await waitUntil(async () => (await deployment.activityScaling()).pollers === 1, {
    what: 'the first worker to poll',
    timeoutMs: PATIENCE_MS,
  });

  const wave = new LoadWave(deployment, seedFromEnv());
  const hasPeaked = (): boolean => samples.some(({ workers }) => workers === maxReplicas);
  const isBack = (): boolean => hasPeaked() && fleet.size === 1 && fleet.leavingCount === 0;
  const phases = [
    { perSecond: calmPerSecond, durationMs: calmMs },
    { perSecond: wavePerSecond, durationMs: waveMs },
    { perSecond: calmPerSecond, durationMs: calmMs },
  ];
  const over = new AbortController();
  const load = wave.run(phases, () => isBack() || over.signal.aborted).finally(() => over.abort());
  const untilMs = performance.now() + calmMs + waveMs + PATIENCE_MS;
  try {
    while (!over.signal.aborted) {
      if (performance.now() > untilMs) throw new Error(`the fleet is not back: ${JSON.stringify(samples)}`);
      const { backlog, inFlight } = await look();
      await fleet.scaleTo(autoscaler.decide(performance.now(), fleet.size, backlog + inFlight));
      await new Promise((resolve) => setTimeout(resolve, SYNC_MS));
    }
  } finally {
    over.abort();
    await load;
  }
  const outcome = await outcomeOf(deployment, wave);
  await waitUntil(
    async () => {
      const { backlog, inFlight, oldestMs } = await look();
      return backlog === 0 && inFlight === 0 && oldestMs === 0;
    },
    { what: 'nothing to wait or run any more', timeoutMs: PATIENCE_MS, pollMs: SYNC_MS },
  );
  const exits = await Promise.all(fleet.exits);
  return { ...outcome, samples, exitCodes: exits.map(({ code }) => code) };
}

/** The defaults of Kubernetes but for the speed of time, and how long scaling in is put off. */
function autoscalerOf({ maxReplicas, stabilizationWindowMs }: AutoscaledRunOptions): HorizontalAutoscaler {
  return new HorizontalAutoscaler({
    minReplicas: 1,
    maxReplicas,
    targetAverage: SLOTS,
    tolerance: 0.1,
    scaleUp: {
      stabilizationWindowMs: 0,
      policies: [
        { type: 'Percent', value: 100, periodMs: SYNC_MS },
        { type: 'Pods', value: 4, periodMs: SYNC_MS },
      ],
    },
    scaleDown: {
      stabilizationWindowMs,
      policies: [{ type: 'Percent', value: 100, periodMs: SYNC_MS }],
    },
  });
}

async function outcomeOf(
  deployment: FleetDeployment,
  { handles }: LoadWave,
): Promise<Pick<AutoscaledRun, 'workflows' | 'handedBack' | 'violations'>> {
  const settled = await Promise.allSettled(handles.map((handle) => handle.result()));
  const endings: Ending[] = [];
  const failed: string[] = [];
  for (const [number, result] of settled.entries()) {
    if (result.status === 'fulfilled') endings.push(...result.value);
    else failed.push(`${handles[number]?.workflowId}: ${String(result.reason)}`);
  }
  const violations = await deployment.violations(handles.map(({ workflowId }) => workflowId));
  return {
    workflows: handles.length,
    handedBack: endings.filter(({ attempt }) => attempt > 1).length,
    violations: [...failed, ...violations],
  };
}
