import { inspect } from 'node:util';
import { ScenarioContext } from './scenario-context.js';
import type { Surroundings } from './scenario-context.js';
import type { Scenario } from './scenario.js';
import { within } from './wait.js';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

const SCENARIO_LIMIT_MS = 180_000;
const CLOSE_LIMIT_MS = 60_000;

/** Runs scenarios one after the other, and tells how each went. */
export async function runScenarios(
  scenarios: readonly Scenario[],
  surroundings: Surroundings,
  tell: (line: string) => void,
): Promise<Counts> {
  let failed = 0;
  for (const scenario of scenarios) {
    const startedMs = Date.now();
    const errors = await errorsOf(scenario, surroundings);
    const seconds = ((Date.now() - startedMs) / 1_000).toFixed(1);
    tell(`${errors.length === 0 ? 'ok    ' : 'FAILED'} ${scenario.name} (${seconds} s)`);
    for (const error of errors) tell(indented(inspect(error, { depth: 4 })));
    if (errors.length > 0) failed++;
  }
  return { passed: scenarios.length - failed, failed };
}

async function errorsOf(scenario: Scenario, surroundings: Surroundings): Promise<unknown[]> {
  const context = new ScenarioContext(scenario.name, surroundings);
  const errors: unknown[] = [];
  try {
    await within(SCENARIO_LIMIT_MS, scenario.name, scenario.run(context));
    if (scenario.replays !== false) await within(SCENARIO_LIMIT_MS, 'the replay', context.replay());
  } catch (error) {
    errors.push(error);
    await within(CLOSE_LIMIT_MS, 'keeping histories', context.keepHistories()).catch(() => undefined);
  }
  try {
    errors.push(...(await within(CLOSE_LIMIT_MS, 'ending what the scenario started', context.close())));
  } catch (error) {
    errors.push(error);
  }
  return errors;
}

function indented(text: string): string {
  return text.replace(/^/gm, '       ');
}
