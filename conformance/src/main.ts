// Runs official Temporal clients and workers against the gateway; see command-line.ts, or scripts/conformance --help.
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readCommandLine, USAGE } from './command-line.js';
import type { CommandLine } from './command-line.js';
import { runCrash } from './crash/crash-run.js';
import { startDeployment } from './deployment/deployment.js';
import { runScenarios } from './harness/run-scenarios.js';
import type { Counts } from './harness/run-scenarios.js';
import { connect } from './harness/scenario-context.js';
import { allScenarios } from './scenarios/all.js';
import { runSdkTests } from './sdk-tests/sdk-tests.js';

async function main(): Promise<number> {
  let commandLine: CommandLine;
  try {
    commandLine = readCommandLine(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
    return 2;
  }
  if (commandLine.task === 'help') print(USAGE);
  else if (commandLine.task === 'list') for (const { name } of allScenarios) print(name);
  else {
    const { passed, failed } = await run(commandLine);
    print(`${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0 ? 0 : 1;
  }
  return 0;
}

async function run(commandLine: CommandLine): Promise<Counts> {
  const folder = resolve(commandLine.outputFolder);
  await mkdir(folder, { recursive: true });
  const log = createWriteStream(join(folder, `${commandLine.task}.log`));
  if (commandLine.task === 'sdk-tests') return await runSdkTests(commandLine, folder, log, print);
  Runtime.install({
    logger: new DefaultLogger('WARN', (entry) => {
      log.write(`worker ${entry.level} ${entry.message} ${JSON.stringify(entry.meta ?? {})}\n`);
    }),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} } },
    shutdownSignals: [],
  });
  const redisFolder = join(folder, 'redis');
  if (commandLine.task === 'crash') return await runCrash(commandLine, folder, log, print);

  const chosen = allScenarios.filter(
    ({ name }) =>
      commandLine.scenarios.length === 0 || commandLine.scenarios.some((wanted) => name.includes(wanted)),
  );
  const { api, partitions } = commandLine;
  if (api !== undefined) {
    const possible = chosen.filter(({ needsOwnDeployment }) => needsOwnDeployment !== true);
    return await runScenarios(possible, await connect(api, folder, log), print);
  }
  await rm(redisFolder, { recursive: true, force: true });
  const deployment = await startDeployment({ port: 0, partitions, folder: redisFolder, log });
  try {
    const surroundings = await connect(deployment.address, folder, log, deployment);
    return await runScenarios(chosen, surroundings, print);
  } finally {
    await deployment.stop();
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

// Connections to a gateway that belongs to others stay open until the end.
process.exit(await main());
