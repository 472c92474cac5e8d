import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ApiAnswer, ApiClient } from './api-client.js';
import { TASK_QUEUE } from './deployment.js';
import type { ClientStep, Scenario } from './scenario.js';

/** Path of all executions of the crash test. */
export const WORKFLOWS_PATH = '/api/v1/namespaces/default/workflows';

/** Short, so that a process that stands still for longer finds a start that another one has done meanwhile. */
const START_PATIENCE_MS = 2_000;

/** A signal that was sent until the answer came. */
interface SentSignal {
  readonly requestId: string;
  /** Whether the answer was that it is recorded. */
  readonly isAcknowledged: boolean;
}

/** What a client did and saw of one workflow. */
export class ScenarioRun {
  /** Acknowledged by the start. */
  runId: string | undefined;
  readonly signals: SentSignal[] = [];
  readonly violations: string[] = [];
  isOver = false;
  /** Whether a task of it was quarantined. */
  wasQuarantined = false;

  constructor(
    readonly scenario: Scenario,
    private readonly api: ApiClient,
  ) {}

  /** Starts the workflow, does what is to be done to it, and holds its result against the expected one. */
  async run(): Promise<void> {
    const { scenario, violations } = this;
    const request = {
      workflowType: scenario.workflowType,
      taskQueue: TASK_QUEUE,
      input: scenario.input,
      requestId: `start-${scenario.workflowId}`,
      workflowTaskTimeout: '4s',
    };
    const started = await this.api.ask('POST', this.path(), request, START_PATIENCE_MS);
    if (started.status !== 200) {
      violations.push(`the start was answered with ${describeAnswer(started)}`);
      return;
    }
    this.runId = String(started.body['runId']);
    await Promise.all(scenario.steps.map((step, index) => this.take(step, index)));
    await this.checkResult();
    if (scenario.cure !== undefined && !this.wasQuarantined) violations.push('it was never quarantined');
    this.isOver = true;
  }

  private async take(step: ClientStep, index: number): Promise<void> {
    await sleep(step.afterMs);
    const requestId = `${this.scenario.workflowId}-${index}`;
    if (step.kind === 'cancel') {
      const answer = await this.api.ask('POST', `${this.path()}/cancel`, { requestId });
      if (answer.status !== 200)
        this.violations.push(`the cancel request was answered with ${describeAnswer(answer)}`);
      return;
    }
    const answer = await this.api.ask('POST', `${this.path()}/signal/${step.name}`, {
      input: step.input,
      requestId,
    });
    if (answer.status !== 200) {
      this.violations.push(`signal ${requestId} was answered with ${describeAnswer(answer)}`);
    }
    this.signals.push({ requestId, isAcknowledged: answer.status === 200 });
  }

  private async checkResult(): Promise<void> {
    const { expected } = this.scenario;
    for (;;) {
      const answer = await this.api.ask('GET', `${this.path()}/result?wait=10s`);
      if (answer.status !== 200) {
        this.violations.push(`its result was answered with ${describeAnswer(answer)}`);
        return;
      }
      const { status, runId, result } = answer.body;
      if (runId !== this.runId) {
        this.violations.push(`run ${String(runId)} is there, but ${this.runId ?? 'none'} was acknowledged`);
        return;
      }
      if (status === 'RUNNING') continue;
      if (status !== expected.status || !isDeepStrictEqual(result, expected.result)) {
        this.violations.push(
          `it should have ended as ${JSON.stringify(expected)}, and ended as ${JSON.stringify(answer.body)}`,
        );
      }
      return;
    }
  }

  private path(): string {
    return `${WORKFLOWS_PATH}/${this.scenario.workflowId}`;
  }
}

function describeAnswer({ status, body, unansweredAttempts }: ApiAnswer): string {
  return `${status} ${JSON.stringify(body)} after ${unansweredAttempts} attempts without an answer`;
}
