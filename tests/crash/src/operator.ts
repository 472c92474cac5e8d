import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from './api-client.js';
import type { ScenarioRun } from './scenario-run.js';
import { WORKFLOWS_PATH } from './scenario-run.js';

const QUARANTINED_PATH = '/api/v1/namespaces/default/quarantined-tasks?pageSize=1000';
const LOOK_MS = 1_000;

interface QuarantinedTask {
  readonly execution: { readonly workflowId: string };
  readonly activityId?: string;
}

/**
 * Releases whatever is quarantined, poison after its cure. Where workers are killed that often, tasks that only shared
 * their workers are quarantined, too.
 */
export class Operator {
  /** Tasks that were released. */
  released = 0;
  /** What the API answered that it must not answer. */
  readonly violations: string[] = [];
  private readonly cures = new Set<string>();

  constructor(
    private readonly api: ApiClient,
    private readonly runOf: (workflowId: string) => ScenarioRun | undefined,
  ) {}

  /** Goes on until the API client is stopped, or `isOver` says so. */
  async work(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await sleep(LOOK_MS);
      const { status, body } = await this.api.ask('GET', QUARANTINED_PATH);
      if (status !== 200) this.violations.push(`the quarantined tasks were answered with ${status}`);
      for (const task of (body['tasks'] ?? []) as readonly QuarantinedTask[]) await this.release(task);
    }
  }

  /** Removes the cures. */
  async cleanUp(): Promise<void> {
    await Promise.all([...this.cures].map((cure) => rm(cure, { force: true })));
  }

  private async release({ execution: { workflowId }, activityId }: QuarantinedTask): Promise<void> {
    const run = this.runOf(workflowId);
    if (run) run.wasQuarantined = true;
    const cure = run?.scenario.cure;
    if (cure !== undefined) {
      this.cures.add(cure);
      await writeFile(cure, '');
    }
    const task = activityId === undefined ? 'workflow-task' : `activities/${encodeURIComponent(activityId)}`;
    // It may have ended meanwhile, or been released by an attempt that had no answer.
    const { status } = await this.api.ask('POST', `${WORKFLOWS_PATH}/${workflowId}/${task}/release`);
    if (status === 200) this.released++;
    else if (status !== 404) this.violations.push(`a release of ${workflowId} was answered with ${status}`);
  }
}
