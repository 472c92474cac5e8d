/** How many tasks one read may bring: a fixed number when all three are the same. */
export interface PollSizeLimits {
  readonly minimum: number;
  readonly initial: number;
  readonly maximum: number;
}

/**
 * How many tasks one read may bring. It doubles when a stream brought all that it might, because then more are likely
 * to wait, and halves when a read brought none.
 */
export class PollSize {
  private size: number;

  constructor(private readonly limits: PollSizeLimits) {
    this.size = limits.initial;
  }

  get current(): number {
    return this.size;
  }

  /** Learns from a read that brought `taken` tasks, and whether it may have left some. */
  note(taken: number, leftSome: boolean): void {
    const { minimum, maximum } = this.limits;
    if (!leftSome && taken === 0) this.size = Math.max(minimum, Math.floor(this.size / 2));
    else if (leftSome && taken > 0) this.size = Math.min(maximum, this.size * 2);
  }
}
