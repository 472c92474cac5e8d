import { createSeededRandom } from '@tidewheel/testing';
import type { WorkflowHandle } from '@tidewheel/client';
import type { FleetDeployment } from './fleet-deployment.js';
import type { twoJobs } from './fleet-workflows.js';
import { FLEET_QUEUE } from './worker-fleet.js';

/** How many workflows are started a second, and for how long. */
interface WavePhase {
  readonly perSecond: number;
  readonly durationMs: number;
}

const SHORTEST_MS = 500;
const LONGEST_MS = 3_500;
/** Longer than a worker that ends lets activities go on: some that then stop, some that do not. */
const STOPPED_MS = 6_000;
const LEFT_MS = 9_000;
const STOPPED_SHARE = 0.08;
const LEFT_SHARE = 0.02;
const TICK_MS = 50;

/** Starts workflows at a rate that rises and falls, whatever becomes of them. */
export class LoadWave {
  readonly handles: WorkflowHandle<typeof twoJobs>[] = [];
  private readonly random;
  private readonly starting: Promise<void>[] = [];
  private due = 0;

  constructor(
    private readonly deployment: FleetDeployment,
    seed: number,
  ) {
    this.random = createSeededRandom(seed);
  }

  /** Goes through the phases; the last one goes on until `isOver`. */
  async run(phases: readonly WavePhase[], isOver: () => boolean): Promise<void> {
    const ofLast = phases.at(-1);
    for (const phase of phases) {
      const untilMs = performance.now() + phase.durationMs;
      let lastMs = performance.now();
      while (performance.now() < untilMs || (phase === ofLast && !isOver())) {
        await new Promise((resolve) => setTimeout(resolve, TICK_MS));
        const nowMs = performance.now();
        this.due += (phase.perSecond * (nowMs - lastMs)) / 1_000;
        lastMs = nowMs;
        for (; this.due >= 1; this.due--) this.starting.push(this.start(this.starting.length));
      }
    }
    await Promise.all(this.starting);
  }

  private async start(number: number): Promise<void> {
    const [kind, durationMs] = this.chooseJob();
    const handle = await this.deployment.client.workflow.start<typeof twoJobs>('twoJobs', {
      workflowId: `wave ${number}`,
      taskQueue: FLEET_QUEUE,
      args: [kind, durationMs],
    });
    this.handles.push(handle);
  }

  private chooseJob(): ['nap' | 'rest', number] {
    const chance = this.random.next();
    if (chance < LEFT_SHARE) return ['nap', LEFT_MS];
    if (chance < LEFT_SHARE + STOPPED_SHARE) return ['rest', STOPPED_MS];
    return ['nap', this.random.int(SHORTEST_MS, LONGEST_MS)];
  }
}
