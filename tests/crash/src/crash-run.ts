import { Engine } from '@tidewheel/engine';
import { createSeededRandom, findLeftovers, waitUntil, WaitTimeoutError } from '@tidewheel/testing';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from './api-client.js';
import { Chaos } from './chaos.js';
import type { CrashOptions } from './crash-options.js';
import { RATE, SESSIONS_PER_WORKER, startDeployment } from './deployment.js';
import type { Deployment } from './deployment.js';
import { readRecords } from './activity-records.js';
import { Growth } from './growth.js';
import { Operator } from './operator.js';
import { attemptViolations, rateViolations, sessionViolations } from './record-checks.js';
import { drawScenario, fullHouse } from './scenario.js';
import { ScenarioRun } from './scenario-run.js';
import { historyViolations, placementViolations, readHistory, replayViolations } from './verification.js';

/** When nothing ends for so long, something hangs. */
const HANG_MS = 90_000;
const PROGRESS_MS = 5_000;
/** Share of the run after which a growth is announced. */
const ANNOUNCED_AFTER = 0.5;
/** So many workflows begin one after the other around its moment, beside all others. */
const NEWCOMERS = 20;
const NEWCOMER_EVERY_MS = 50;
/** Long enough for the queues of dead workers to be cleared, a minute after Redis was killed last, and to be looked at again. */
const LEFTOVER_LIMIT_MS = 240_000;
const CONCURRENT_CHECKS = 8;
const MAX_DESCRIBED = 5;

/** What a crash test found. */
interface CrashReport {
  readonly passed: number;
  /** Workflows with violations. */
  readonly failed: number;
  readonly violations: readonly string[];
}

/** Runs workflows while processes are killed, then checks everything that is left. */
export class CrashRun {
  private readonly runs: ScenarioRun[] = [];
  private readonly violations: string[] = [];
  private readonly stopping = new AbortController();
  private over = 0;
  private lastEndMs = Date.now();

  constructor(
    private readonly options: CrashOptions,
    private readonly tell: (line: string) => void,
  ) {}

  async run(): Promise<CrashReport> {
    const { options } = this;
    const logFolder = join(options.outputFolder, `seed-${options.seed}-p${options.partitions}`);
    await mkdir(logFolder, { recursive: true });
    const deployment = await startDeployment({ ...options, logFolder });
    const api = new ApiClient(deployment.apiUrls, this.stopping.signal);
    const chaos = new Chaos(
      deployment,
      createSeededRandom((options.seed ^ 0x5eed) >>> 0),
      options.victims,
      (what) => this.tell(`  ${what}`),
    );
    const growth = options.growTo === undefined ? undefined : new Growth(deployment, chaos, options.growTo);
    const operator = new Operator(api, (id) => this.runs.find(({ scenario }) => scenario.workflowId === id));
    const progress = setInterval(() => this.tellProgress(api), PROGRESS_MS);
    try {
      chaos.start();
      let isOver = false;
      const operating = operator
        .work(() => isOver)
        .catch((error: unknown) => {
          if (!this.isStopping()) this.violations.push(String(error));
        });
      const growing = growth && this.grow(growth);
      const finished = await this.runWorkflows(api, chaos, growth);
      isOver = true;
      await operating;
      await growing;
      await chaos.stop();
      if (finished) await this.fillHosts(api);
      await this.checkRecords(deployment);
      const engine = await Engine.open({ connection: { url: deployment.redis.url } });
      try {
        if (!finished) await this.describeStuck(engine);
        await this.checkHistories(engine, logFolder);
        this.violations.push(...(await placementViolations(engine)));
      } finally {
        await engine.close();
      }
      if (finished) await this.checkReplays(api);
      await this.endProcesses(deployment);
      if (finished) await this.checkLeftovers(deployment);
    } finally {
      clearInterval(progress);
      await operator.cleanUp();
      this.violations.push(...operator.violations);
      this.stopping.abort();
      await deployment.destroy();
    }
    for (const { faults } of [...deployment.apis, ...deployment.workers]) this.violations.push(...faults);
    const failed = this.runs.filter(({ violations }) => violations.length > 0);
    for (const { scenario, violations } of failed) {
      for (const violation of violations) this.violations.push(`${scenario.workflowId}: ${violation}`);
    }
    this.tell(
      `released ${operator.released}x, ${[...chaos.counts].map(([what, times]) => `${what} ${times}x`).join(', ')}; answers ${[...api.answers].map(([status, times]) => `${status}: ${times}`).join(', ')}`,
    );
    return { passed: this.runs.length - failed.length, failed: failed.length, violations: this.violations };
  }

  /** Keeps so many workflows going at the same time. Kills go on until most are over. False when something hangs. */
  private async runWorkflows(api: ApiClient, chaos: Chaos, growth: Growth | undefined): Promise<boolean> {
    const { workflows, durationMs, inFlight, seed } = this.options;
    const random = createSeededRandom(seed);
    const endMs = Date.now() + durationMs;
    const newcomers = growth ? NEWCOMERS : 0;
    let left = workflows - newcomers;
    const begin = async (): Promise<void> => {
      const run = new ScenarioRun(drawScenario(random, this.runs.length), api);
      this.runs.push(run);
      try {
        await run.run();
      } catch (error) {
        if (!this.isStopping()) run.violations.push(String(error));
      }
      this.over++;
      this.lastEndMs = Date.now();
    };
    const lane = async (): Promise<void> => {
      while (left > 0 && Date.now() < endMs && !this.isStopping()) {
        left--;
        await begin();
      }
    };
    const newcomer = async (index: number): Promise<void> => {
      await growth?.moment((index - newcomers / 2) * NEWCOMER_EVERY_MS);
      await begin();
    };
    this.lastEndMs = Date.now();
    const lanes = Array.from({ length: inFlight }, lane);
    const growing = Array.from({ length: newcomers }, (_, index) => newcomer(index));
    const done = Promise.all([...lanes, ...growing]).then(() => true);
    const hung = (async () => {
      while (Date.now() - this.lastEndMs < HANG_MS) {
        if ((await Promise.race([done, sleep(500)])) === true) return true;
        // The last ones may take their time without being killed again and again.
        if (this.over >= workflows * 0.9) void chaos.stop();
      }
      return false;
    })();
    const finished = await Promise.race([done, hung]);
    if (!finished) {
      this.violations.push(
        `nothing has ended for ${HANG_MS / 1_000} s: ${this.runs.length - this.over} workflows hang`,
      );
      this.stopping.abort();
    }
    return finished;
  }

  /** Lets the deployment grow once the run has come that far. */
  private async grow(growth: Growth): Promise<void> {
    const { workflows, durationMs } = this.options;
    const beganMs = Date.now();
    const progress = (): number =>
      Math.max(this.runs.length / workflows, (Date.now() - beganMs) / durationMs);
    while (progress() < ANNOUNCED_AFTER && !this.isStopping()) await sleep(100);
    try {
      await growth.run();
    } catch (error) {
      this.violations.push(String(error));
    }
  }

  /** Where a host has lost a place for sessions, this hangs. */
  private async fillHosts(api: ApiClient): Promise<void> {
    const run = new ScenarioRun(fullHouse(this.options.workers), api);
    this.runs.push(run);
    await Promise.race([run.run(), sleep(HANG_MS, undefined, { ref: false })]);
    if (!run.isOver) run.violations.push('it hangs');
  }

  private async checkRecords({ recordFile }: Deployment): Promise<void> {
    const records = await readRecords(recordFile);
    this.violations.push(
      ...attemptViolations(records),
      ...rateViolations(records, RATE),
      ...sessionViolations(records, SESSIONS_PER_WORKER),
    );
  }

  private async describeStuck(engine: Engine): Promise<void> {
    const stuck = this.runs.filter(({ isOver }) => !isOver);
    for (const run of stuck) run.violations.push('it hangs');
    for (const { scenario } of stuck.slice(0, MAX_DESCRIBED)) {
      const { workflowId } = scenario;
      const description = await engine
        .describeWorkflow({ namespace: 'default', workflowId })
        .catch((error: unknown) => String(error));
      this.tell(`hangs: ${JSON.stringify(description, undefined, 1)}`);
    }
  }

  private async checkHistories(engine: Engine, folder: string): Promise<void> {
    const started = this.runs.filter(({ runId }) => runId !== undefined);
    await inParallel(started, async (run) => {
      const { workflowId } = run.scenario;
      const events = await readHistory(engine, workflowId);
      if (run.isOver) run.violations.push(...historyViolations(run, events));
      if (run.violations.length === 0) return;
      const file = join(folder, `${workflowId}.json`);
      const payloadText = (_key: string, value: unknown): unknown =>
        value instanceof Uint8Array ? Buffer.from(value).toString() : value;
      await writeFile(file, JSON.stringify({ scenario: run.scenario, events }, payloadText, 1));
      run.violations.push(`its history is in ${file}`);
    });
  }

  private async checkReplays(api: ApiClient): Promise<void> {
    await inParallel(this.runs, async (run) => {
      run.violations.push(...(await replayViolations(api, run.scenario)));
    });
  }

  private async endProcesses({ workers, apis }: Deployment): Promise<void> {
    // The background duties of one API process are what cleans up after workers that are gone.
    const [last, ...others] = apis;
    await Promise.all([...workers, ...others].map((each) => each.end()));
    if (last && !last.isRunning) this.violations.push(`${last.name} does not run`);
  }

  private async checkLeftovers({ redis, apis }: Deployment): Promise<void> {
    const engine = await Engine.open({ connection: { url: redis.url } });
    let left: string[] = [];
    try {
      await waitUntil(async () => (left = await findLeftovers(engine.context.redis)).length === 0, {
        what: 'the deployment to be empty',
        timeoutMs: LEFTOVER_LIMIT_MS,
        pollMs: 500,
      });
    } catch (error) {
      if (!(error instanceof WaitTimeoutError)) throw error;
      this.violations.push(...left.map((each) => `left over: ${each}`));
    } finally {
      await engine.close();
    }
    await apis[0]?.end();
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private tellProgress(api: ApiClient): void {
    const answers = [...api.answers].map(([status, times]) => `${status}: ${times}`).join(', ');
    this.tell(`${this.over} of ${this.runs.length} begun workflows are over; answers ${answers}`);
  }
}

async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const lane = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: CONCURRENT_CHECKS }, lane));
}
