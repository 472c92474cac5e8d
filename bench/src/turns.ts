import type { Measures } from './measurement.js';
import type { BenchOptions } from './options.js';
import { startLoaded } from './scenarios/load-rounds.js';
import { ONE_ACTIVITY } from './scenarios/workflows.js';

const IN_FLIGHT = 200;

/** A deployment under load that can be measured round by round. */
type Loaded = Awaited<ReturnType<typeof startLoaded>>;

/** What deployments differ in from the options of all. */
type Deployments<Names extends string> = Readonly<Record<Names, Partial<BenchOptions>>>;

/** For each round the numbers of all deployments. */
type Rounds<Names extends string> = readonly Readonly<Record<Names, Measures>>[];

/**
 * Measures the workflow with one activity on several deployments. All are up at the same time, and their rounds take turns,
 * every other time in the opposite order, so that what else the machine does meets all of them.
 */
export function measureInTurns<const Names extends string>(
  deployments: Deployments<Names>,
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<Rounds<Names>> {
  return measureRounds(deployments, options, tell, async (loaded, round) => {
    const measured: [Names, Measures][] = [];
    for (const [name, deployment] of round % 2 === 0 ? loaded : [...loaded].reverse())
      measured.push([name, (await deployment.round()).measures]);
    return measured;
  });
}

/**
 * Measures the workflow with one activity on several deployments at the same time: what else a busy machine does meets
 * all of them alike. What they cost can be compared then, not how fast they are.
 */
export function measureAtOnce<const Names extends string>(
  deployments: Deployments<Names>,
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<Rounds<Names>> {
  return measureRounds(deployments, options, tell, (loaded) =>
    Promise.all(
      [...loaded].map(async ([name, deployment]) => [name, (await deployment.round()).measures] as const),
    ),
  );
}

async function measureRounds<const Names extends string>(
  deployments: Deployments<Names>,
  options: BenchOptions,
  tell: (message: string) => void,
  measureRound: (
    loaded: ReadonlyMap<Names, Loaded>,
    round: number,
  ) => Promise<readonly (readonly [Names, Measures])[]>,
): Promise<Rounds<Names>> {
  const loaded = new Map<Names, Loaded>();
  try {
    for (const name of Object.keys(deployments) as Names[]) {
      const own = { ...options, ...deployments[name] };
      loaded.set(name, await startLoaded(ONE_ACTIVITY, own, options.inFlight ?? IN_FLIGHT));
    }
    const rounds: Readonly<Record<Names, Measures>>[] = [];
    for (let round = 0; round < options.rounds; round++) {
      tell(`round ${round + 1} of ${options.rounds}`);
      rounds.push(Object.fromEntries(await measureRound(loaded, round)) as Record<Names, Measures>);
    }
    return rounds;
  } finally {
    await Promise.all([...loaded.values()].map((each) => each.stop()));
  }
}
