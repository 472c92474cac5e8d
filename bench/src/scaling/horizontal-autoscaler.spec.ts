import { HorizontalAutoscaler } from './horizontal-autoscaler.js';
import type { AutoscalerOptions } from './horizontal-autoscaler.js';

/** What Kubernetes has by default, with a target of 10 a replica. */
const DEFAULTS: AutoscalerOptions = {
  minReplicas: 1,
  maxReplicas: 100,
  targetAverage: 10,
  tolerance: 0.1,
  scaleUp: {
    stabilizationWindowMs: 0,
    policies: [
      { type: 'Percent', value: 100, periodMs: 15_000 },
      { type: 'Pods', value: 4, periodMs: 15_000 },
    ],
  },
  scaleDown: {
    stabilizationWindowMs: 300_000,
    policies: [{ type: 'Percent', value: 100, periodMs: 15_000 }],
  },
};

const autoscaler = (more: Partial<AutoscalerOptions> = {}) =>
  new HorizontalAutoscaler({ ...DEFAULTS, ...more });

describe('the horizontal autoscaler', () => {
  it('gives each replica the target, rounded up', () => {
    expect(autoscaler().decide(0, 3, 41)).toBe(5);
    expect(autoscaler({ targetAverage: 1 }).decide(0, 3, 5)).toBe(5);
  });

  it('leaves everything as it is within the tolerance, and acts beyond it', () => {
    expect(autoscaler().decide(0, 10, 109)).toBe(10);
    expect(autoscaler().decide(0, 10, 111)).toBe(12);
    expect(autoscaler().decide(0, 10, 90)).toBe(10);
  });

  it('stays between the smallest and the largest number', () => {
    expect(autoscaler().decide(0, 1, 0)).toBe(1);
    expect(autoscaler({ maxReplicas: 8 }).decide(0, 6, 1_000)).toBe(8);
  });

  it('grows in a period by what one policy allows at most', () => {
    const growing = autoscaler();
    expect(growing.decide(0, 1, 1_000)).toBe(5);
    expect(growing.decide(1_000, 5, 1_000)).toBe(5);
    expect(growing.decide(15_000, 5, 1_000)).toBe(10);
    expect(growing.decide(30_001, 10, 1_000)).toBe(20);
  });

  it('shrinks to the largest number that was wanted within the window, not before it is over', () => {
    const shrinking = autoscaler();
    expect(shrinking.decide(0, 8, 80)).toBe(8);
    expect(shrinking.decide(100_000, 8, 50)).toBe(8);
    expect(shrinking.decide(299_999, 8, 0)).toBe(8);
    expect(shrinking.decide(300_000, 8, 0)).toBe(5);
    expect(shrinking.decide(400_001, 5, 0)).toBe(1);
  });

  it('shrinks in a period by what its policy allows', () => {
    const shrinking = autoscaler({
      scaleDown: { stabilizationWindowMs: 0, policies: [{ type: 'Pods', value: 2, periodMs: 10_000 }] },
    });
    expect(shrinking.decide(0, 8, 0)).toBe(6);
    expect(shrinking.decide(5_000, 6, 0)).toBe(6);
    expect(shrinking.decide(10_000, 6, 0)).toBe(4);
  });
});
