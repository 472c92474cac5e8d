import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** A `.cpuprofile` as V8 writes it. */
interface Profile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of the nodes that were seen, one for each look. */
  readonly samples: readonly number[];
  /** Microseconds from each look to the one before. */
  readonly timeDeltas: readonly number[];
}

/** Whose work the API process does. */
type Part = 'engine' | 'gateway';

/**
 * The engine's own are its use-cases, its scripts and their connection to Redis: every face of the API pays for them.
 * `libs/core` and `libs/codec` belong to whoever calls them.
 */
const PARTS: readonly (readonly [part: Part, pattern: RegExp])[] = [
  [
    'engine',
    /\/libs\/(engine|store|polling|routing)\/|\/node_modules\/(ioredis|redis-parser|redis-errors|standard-as-callback)\//,
  ],
  [
    'gateway',
    /\/libs\/gateway\/|\/node_modules\/(@grpc|@temporalio|protobufjs|@protobufjs|long)\/|^node:.*http2/,
  ],
];

/** How the busy time of the process divides: shares from 0 to 1 whose sum is 1. */
export interface ProfileShares {
  readonly engine: number;
  readonly gateway: number;
  /** What runs for no part that could be told: garbage collection, the event loop, and code with neither among its callers. */
  readonly shared: number;
}

/** Splits the processor time in a folder's profile by who asked for it: the nearest caller that belongs to a part. */
export function sharesInProfile(folder: string): ProfileShares {
  const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'));
  if (!file) throw new Error(`no .cpuprofile in ${folder}`);
  const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile;
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const partOf = (id: number | undefined): Part | undefined => {
    const node = id === undefined ? undefined : nodes.get(id);
    if (!node) return undefined;
    return PARTS.find(([, pattern]) => pattern.test(node.callFrame.url))?.[0] ?? partOf(parents.get(node.id));
  };
  const micros = { engine: 0, gateway: 0, shared: 0 };
  profile.samples.forEach((id, i) => {
    if (nodes.get(id)?.callFrame.functionName === '(idle)') return;
    micros[partOf(id) ?? 'shared'] += profile.timeDeltas[i] ?? 0;
  });
  const busy = micros.engine + micros.gateway + micros.shared;
  return { engine: micros.engine / busy, gateway: micros.gateway / busy, shared: micros.shared / busy };
}
