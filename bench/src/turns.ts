import type { Measures } from './measurement.js';
import type { BenchOptions } from './options.js';
import { startLoaded } from './scenarios/load-rounds.js';
import { ONE_ACTIVITY } from './scenarios/workflows.js';

const IN_FLIGHT = 200;

/**
 * Measures the workflow with one activity on several deployments. All are up at the same time, and their rounds take turns,
 * every other time in the opposite order, so that what else the machine does meets all of them.
 *
 * @param deployments what each of them differs in from `options`
 * @returns for each round the numbers of all deployments, in their order
 */
export async function measureInTurns<const Names extends string>(
  deployments: Readonly<Record<Names, Partial<BenchOptions>>>,
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly Readonly<Record<Names, Measures>>[]> {
  const names = Object.keys(deployments) as Names[];
  const loaded = new Map<Names, Awaited<ReturnType<typeof startLoaded>>>();
  try {
    for (const name of names) {
      const own = { ...options, ...deployments[name] };
      loaded.set(name, await startLoaded(ONE_ACTIVITY, own, options.inFlight ?? IN_FLIGHT));
    }
    const rounds: Readonly<Record<Names, Measures>>[] = [];
    for (let round = 0; round < options.rounds; round++) {
      tell(`round ${round + 1} of ${options.rounds}`);
      const measured: Partial<Record<Names, Measures>> = {};
      for (const [name, deployment] of round % 2 === 0 ? loaded : [...loaded].reverse()) {
        measured[name] = (await deployment.round()).measures;
      }
      rounds.push(measured as Record<Names, Measures>);
    }
    return rounds;
  } finally {
    await Promise.all([...loaded.values()].map((each) => each.stop()));
  }
}
