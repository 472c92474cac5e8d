import { durationToMs, formatDuration, TidewheelError } from '@tidewheel/core';
import { Engine } from '@tidewheel/engine';
import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.js';

/** What to do with the partitions of a deployment. */
interface PartitionsOptions {
  readonly redisUrl: string;
  readonly keyPrefix: string;
  /** How many there are to be, and in how many milliseconds; undefined only shows what there is. */
  readonly growth: { readonly partitions: number; readonly delayMs: number } | undefined;
}

const DEFAULT_DELAY = '10m';

/**
 * Reads what follows `partitions` on the command line.
 *
 * @throws UsageError
 */
export function readPartitionsArguments(args: readonly string[]): Pick<PartitionsOptions, 'growth'> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { 'grow-to': { type: 'string' }, in: { type: 'string' } },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { 'grow-to': to, in: delay = DEFAULT_DELAY } = values;
  if (to === undefined) {
    if (values.in === undefined) return { growth: undefined };
    throw new UsageError('--in goes with --grow-to');
  }
  if (!/^\d{1,4}$/.test(to)) {
    throw new UsageError(`--grow-to: got "${to}"; allowed is a whole number up to 1024`);
  }
  try {
    return { growth: { partitions: Number(to), delayMs: durationToMs(delay) } };
  } catch {
    throw new UsageError(`--in: got "${delay}"; allowed is a duration such as 10m or 1h`);
  }
}

/** Shows how many partitions a deployment has had since when, after having given it more when asked. False when refused. */
export async function partitions(
  { redisUrl, keyPrefix, growth }: PartitionsOptions,
  tell: (line: string) => void,
): Promise<boolean> {
  const engine = await Engine.open({ connection: { url: redisUrl }, prefix: keyPrefix });
  try {
    const sizes = growth ? await engine.growPartitions(growth) : engine.context.placement.sizes;
    for (const { partitions: count, fromMs } of sizes) {
      const ahead = fromMs - Date.now();
      tell(
        `${count} ${fromMs === 0 ? 'from the beginning' : `from ${new Date(fromMs).toISOString()}`}` +
          (ahead > 0 ? `, in ${formatDuration(Math.ceil(ahead / 1_000) * 1_000)}` : ''),
      );
    }
    if (growth) tell('restart all API and worker processes before that time');
    return true;
  } catch (error) {
    if (!(error instanceof TidewheelError)) throw error;
    tell(`REFUSED: ${error.message}`);
    return false;
  } finally {
    await engine.close();
  }
}
