import { UnavailableError } from '@tidewheel/core';
import type { Engine, HealthCheck, WorkflowService } from '@tidewheel/engine';
import type { RemoteWorkers } from '@tidewheel/remote-polling';
import type { Logger } from '@tidewheel/telemetry';

/** What the gate needs of the engine. */
type GatedEngine = WorkflowService & Pick<Engine, 'health'>;

/** What workers without an SDK can do. */
export type WorkerService = Pick<RemoteWorkers, keyof RemoteWorkers>;

/** What a request asks: clients' requests the engine, workers' requests what serves them. */
export type Question<T> = (engine: WorkflowService, workers: WorkerService) => Promise<T>;

interface Services {
  readonly engine: GatedEngine;
  readonly workers: WorkerService;
}

/** How often the engine is asked how it is. */
const LOOK_MS = 2_000;
/** How long an answer may take beyond what the request itself asked to wait. */
const ANSWER_LIMIT_MS = 15_000;

const WHAT_TO_DO = 'check that it runs and that REDIS_URL is right, then repeat the request';

/**
 * Stands between requests and the engine. Two states: `opening`, while Redis has not answered yet, and open for good.
 * Whoever asks while Redis is away is told so at once, and whoever is waiting then is told within seconds, instead of
 * waiting with the connection for it to come back.
 */
export class EngineGate {
  private services: Services | undefined;
  private checks: readonly HealthCheck[];
  private readonly interrupts = new Set<(error: UnavailableError) => void>();
  private nextLook: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly logger: Logger) {
    this.checks = [{ name: 'redis', ok: false, sinceMs: Date.now(), message: 'never answered so far' }];
  }

  /** Lets requests through to the engine. */
  async open(engine: GatedEngine, workers: WorkerService): Promise<void> {
    this.checks = (await engine.health()).checks;
    this.services = { engine, workers };
    this.lookLater(engine);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.nextLook);
  }

  /** What works and what does not, at most a few seconds old. */
  health(): readonly HealthCheck[] {
    return this.checks;
  }

  /**
   * Asks the engine.
   *
   * @param waitMs how long the request may wait on purpose
   * @throws UnavailableError when Redis is away; whether a change was carried out is then unknown
   */
  async call<T>(ask: Question<T>, waitMs = 0): Promise<T> {
    const { services } = this;
    const fault = this.fault();
    if (!services || fault) throw fault ?? unavailable('is not connected yet');
    return this.withinReason(ask(services.engine, services.workers), waitMs);
  }

  private withinReason<T>(answer: Promise<T>, waitMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const interrupt = (error: UnavailableError): void => {
        settle();
        reject(error);
      };
      const limitMs = waitMs + ANSWER_LIMIT_MS;
      const late = setTimeout(
        () => interrupt(unavailable(`did not answer within ${limitMs / 1_000} s`)),
        limitMs,
      );
      const settle = (): void => {
        clearTimeout(late);
        this.interrupts.delete(interrupt);
      };
      this.interrupts.add(interrupt);
      answer.then(
        (value) => {
          settle();
          resolve(value);
        },
        (error: unknown) => {
          settle();
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- because it is passed on as it came
          reject(error);
        },
      );
    });
  }

  private lookLater(engine: GatedEngine): void {
    this.nextLook = setTimeout(() => void this.look(engine), LOOK_MS).unref();
  }

  private async look(engine: GatedEngine): Promise<void> {
    const { checks } = await engine.health();
    if (this.stopped) return;
    this.tellChanges(checks);
    const fault = this.fault();
    if (fault) for (const interrupt of this.interrupts) interrupt(fault);
    this.lookLater(engine);
  }

  private tellChanges(checks: readonly HealthCheck[]): void {
    for (const check of checks) {
      const before = this.checks.find(({ name }) => name === check.name);
      if ((before?.ok ?? true) === check.ok) continue;
      const fields = { check: check.name, reason: check.message };
      if (check.ok) this.logger.info(fields, 'ready again');
      else this.logger.warn(fields, 'not ready');
    }
    this.checks = checks;
  }

  private fault(): UnavailableError | undefined {
    const redis = this.checks.find(({ name }) => name === 'redis');
    return redis && !redis.ok ? unavailable('does not answer', redis.message) : undefined;
  }
}

/** Does not say where Redis is: callers of the interface need not know. */
function unavailable(what: string, reason = ''): UnavailableError {
  const because = reason === '' ? '' : ` (${reason})`;
  return new UnavailableError(`Redis ${what}${because}: ${WHAT_TO_DO}`);
}
