/** How far replicas may change within a period: a number of them, or a share of those at its beginning. */
interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodMs: number;
}

/** One half of `behavior` of a HorizontalPodAutoscaler; of several policies the one that allows most counts. */
interface ScalingRules {
  readonly stabilizationWindowMs: number;
  readonly policies: readonly ScalingPolicy[];
}

/** What {@link HorizontalAutoscaler} goes by. */
export interface AutoscalerOptions {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** `averageValue` of the metric: how much of it one replica is to have. */
  readonly targetAverage: number;
  /** How far the metric may be off the target, as a share of it, before anything changes. */
  readonly tolerance: number;
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

interface Recommendation {
  readonly atMs: number;
  readonly replicas: number;
}

interface Change {
  readonly atMs: number;
  readonly by: number;
}

/**
 * The algorithm of Kubernetes' HorizontalPodAutoscaler (autoscaling/v2) for an external metric with an average value:
 * tolerance, stabilization windows and policies as its controller has them, the clock a parameter.
 */
export class HorizontalAutoscaler {
  private recommendations: Recommendation[] = [];
  private changes: Change[] = [];

  constructor(private readonly options: AutoscalerOptions) {}

  /** How many replicas there should be now; the caller is expected to see to it. */
  decide(nowMs: number, current: number, metric: number): number {
    const { minReplicas, maxReplicas } = this.options;
    const stabilized = this.stabilize(nowMs, current, this.recommend(current, metric));
    const allowed = this.limit(nowMs, current, stabilized);
    const replicas = Math.min(maxReplicas, Math.max(minReplicas, allowed));
    if (replicas !== current) this.changes.push({ atMs: nowMs, by: replicas - current });
    return replicas;
  }

  private recommend(current: number, metric: number): number {
    const { targetAverage, tolerance } = this.options;
    const ratio = metric / (targetAverage * current);
    return Math.abs(1 - ratio) <= tolerance ? current : Math.ceil(metric / targetAverage);
  }

  /** Goes up by the smallest of the recommendations in the window, and down by the largest. */
  private stabilize(nowMs: number, current: number, recommended: number): number {
    const { scaleUp, scaleDown } = this.options;
    this.recommendations.push({ atMs: nowMs, replicas: recommended });
    const since = ({ stabilizationWindowMs }: ScalingRules): number[] =>
      this.recommendations
        .filter(({ atMs }) => atMs === nowMs || atMs > nowMs - stabilizationWindowMs)
        .map(({ replicas }) => replicas);
    const up = Math.min(...since(scaleUp));
    const down = Math.max(...since(scaleDown));
    const longestMs = Math.max(scaleUp.stabilizationWindowMs, scaleDown.stabilizationWindowMs);
    this.recommendations = this.recommendations.filter(({ atMs }) => atMs > nowMs - longestMs);
    if (current < up) return up;
    return current > down ? down : current;
  }

  private limit(nowMs: number, current: number, wanted: number): number {
    const { scaleUp, scaleDown } = this.options;
    const changed = (periodMs: number, sign: 1 | -1): number =>
      this.changes
        .filter(({ atMs, by }) => atMs > nowMs - periodMs && Math.sign(by) === sign)
        .reduce((sum, { by }) => sum + Math.abs(by), 0);
    if (wanted > current) {
      const limits = scaleUp.policies.map(({ type, value, periodMs }) => {
        const before = current - changed(periodMs, 1) + changed(periodMs, -1);
        return type === 'Pods' ? before + value : Math.ceil(before * (1 + value / 100));
      });
      return Math.max(current, Math.min(wanted, Math.max(...limits)));
    }
    const limits = scaleDown.policies.map(({ type, value, periodMs }) => {
      const before = current + changed(periodMs, -1) - changed(periodMs, 1);
      return type === 'Pods' ? before - value : Math.floor(before * (1 - value / 100));
    });
    return Math.min(current, Math.max(wanted, Math.min(...limits)));
  }
}
