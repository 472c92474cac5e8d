import type { EngineLogger } from '../engine-context.js';

/** Work that goes on in the background, whichever process does it; any number of processes may do the same one. */
export interface Duty {
  readonly name: string;
  /**
   * Does what is due now.
   *
   * @returns how many milliseconds may pass until the next turn, if nobody wakes the duty before
   */
  turn(): Promise<number>;
}

const FAILED_TURN_DELAY_MS = 1_000;

/** Takes a duty's turns, one after the other, until stopped. */
export class DutyRunner {
  private stopped = false;
  private awake = false;
  private wakeUp: () => void = () => undefined;
  private readonly finished: Promise<void>;

  constructor(
    readonly duty: Duty,
    private readonly logger: EngineLogger,
  ) {
    this.finished = this.loop();
  }

  /** Lets the next turn begin at once. */
  wake(): void {
    this.awake = true;
    this.wakeUp();
  }

  /** Resolves when the turn under way is over. */
  stop(): Promise<void> {
    this.stopped = true;
    this.wakeUp();
    return this.finished;
  }

  // As functions, because these change while the loop waits.
  private isStopped(): boolean {
    return this.stopped;
  }

  private isAwake(): boolean {
    return this.awake;
  }

  private async loop(): Promise<void> {
    while (!this.isStopped()) {
      this.awake = false;
      const pauseMs = await this.duty.turn().catch((error: unknown) => {
        if (!this.isStopped())
          this.logger.warn({ error, duty: this.duty.name }, 'a background duty failed; it goes on');
        return FAILED_TURN_DELAY_MS;
      });
      if (!this.isStopped() && !this.isAwake()) await this.sleep(pauseMs);
    }
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms));
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
