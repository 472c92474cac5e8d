/** The part of an ioredis connection that is needed here. */
export interface SurveyConnection {
  call(command: string, ...args: string[]): Promise<unknown>;
  callBuffer(command: string, ...args: string[]): Promise<unknown>;
  /** Of a connection to a cluster: those to its primaries. */
  nodes?(role: 'master'): SurveyConnection[];
}

export interface LeftoverOptions {
  /** First part of every key. Default `tw`. */
  readonly prefix?: string;
  /** Whether retention has deleted every run: then no state, history or index entry may be left either. */
  readonly deleted?: boolean;
}

/**
 * Says what is left in a Redis once every execution is closed and every task stream was read to its end: a sentence per
 * key that should be gone or empty, none when all is as it should be. Only for tests: it walks over all keys.
 *
 * It knows the layout of `libs/store/src/keys.ts` by heart on purpose: a key that nobody expects is a leftover too.
 */
export async function findLeftovers(
  redis: SurveyConnection,
  options: LeftoverOptions = {},
): Promise<string[]> {
  const { prefix = 'tw', deleted = false } = options;
  const survey: Survey = { redis, deleted, left: [], states: new Map(), histories: new Map() };
  for (const key of (await allKeys(redis, prefix)).sort()) {
    const rest = key.slice(prefix.length + 1);
    const [, letter = '', name] = /^\{\d+\}:([a-z]+)(?::([^]*))?$/.exec(rest) ?? [];
    await inspect(survey, key, letter, name);
  }
  for (const [runId, key] of survey.histories) {
    if (!survey.states.has(runId)) survey.left.push(`${key}: the history of a run that has no state`);
  }
  for (const [runId, key] of survey.states) {
    if (!survey.histories.has(runId)) survey.left.push(`${key}: run ${runId} has no history`);
  }
  return survey.left;
}

interface Survey {
  readonly redis: SurveyConnection;
  readonly deleted: boolean;
  readonly left: string[];
  /** Keys of the states found, by run id. */
  readonly states: Map<string, string>;
  /** Keys of the histories found, by run id. */
  readonly histories: Map<string, string>;
}

/** Keys that a partition has one of, or that belong to the deployment; those not named here must be gone. */
async function inspect(survey: Survey, key: string, letter: string, name: string | undefined): Promise<void> {
  const { redis, left, deleted } = survey;
  switch (letter) {
    case 'n':
    case 's':
    case 'c':
    case 'g':
    case 'meta':
    case 'namespaces':
    case 'probe':
    case 'wd':
    case 'wr':
      return;
    case 'o':
    case 'w':
    case 'a':
    case 'k':
      left.push(...(await streamRemains(redis, key)));
      return;
    case 'x':
    case 'p':
      left.push(...(await stateRemains(survey, key)));
      if (deleted) left.push(`${key}: the state of a run that should be deleted`);
      return;
    case 'h':
      survey.histories.set(name ?? '', key);
      if (deleted) left.push(`${key}: a history that should be deleted`);
      return;
    case 'z':
      if (deleted) left.push(`${key}: an index of closed runs that should be deleted`);
      return;
    case 'i':
      if (Number(await redis.call('PTTL', key)) < 0) left.push(`${key}: pollers that never expire`);
      return;
    case 'l':
      if (name !== undefined) left.push(...(await rateRemains(redis, key)));
      return;
    case 'wh':
    case 'we':
    case 'wl':
      if (Number(await redis.call('PTTL', key)) < 0) left.push(`${key}: workers that never expire`);
      return;
    case 'r':
      if (deleted || Number(await redis.call('PTTL', key)) < 0) {
        left.push(`${key}: request ids of a run that is ${deleted ? 'deleted' : 'closed'}`);
      }
      return;
    case 'q':
      if (Number(await redis.call('PTTL', key)) < 0) left.push(`${key}: a query that never expires`);
      return;
    default:
      left.push(`${key}: ${LEFT_BEHIND[letter] ?? 'nobody knows this key'}`);
  }
}

const LEFT_BEHIND: Readonly<Record<string, string>> = {
  t: 'timers of runs that are closed',
  v: 'running executions',
  wp: 'running executions that are pinned to a version',
  b: 'buffered events',
  d: 'activity details of a run that is closed',
  y: 'quarantined tasks',
};

/** A rate that was set through the API stays until it is unset; a worker's lapses. */
async function rateRemains(redis: SurveyConnection, key: string): Promise<string[]> {
  const isSetByApi = Number(await redis.call('HEXISTS', key, 'ar')) === 1;
  return isSetByApi || Number(await redis.call('PTTL', key)) >= 0
    ? []
    : [`${key}: a worker's rate that never lapses`];
}

async function streamRemains(redis: SurveyConnection, key: string): Promise<string[]> {
  const left: string[] = [];
  const length = Number(await redis.call('XLEN', key));
  if (length > 0) left.push(`${key}: ${length} entries`);
  for (const group of (await redis.call('XINFO', 'GROUPS', key)) as unknown[][]) {
    const fields = pairs(group.map(String));
    const pending = Number(fields['pending']);
    if (pending > 0) left.push(`${key}: ${pending} pending entries of group ${fields['name']}`);
  }
  return left;
}

/** Fields of the state of a closed run; anything else was to go when it closed. */
const CLOSED_FIELDS = new Set(['r', 's', 'e', 'q', 'ty', 'rq', 'me', 'sa', 'vb', 'vo']);
/** Where the packed field `e` of a closed run holds the length of its history, in three bytes. */
const LENGTH_OFFSET = 12;

async function stateRemains(survey: Survey, key: string): Promise<string[]> {
  const { redis } = survey;
  const state = pairs(((await redis.call('HGETALL', key)) as unknown[]).map(String));
  const runId = state['r'] ?? '';
  survey.states.set(runId, key);
  if (state['s'] === '1') return [`${key}: run ${runId} is still running`];
  const left = Object.keys(state)
    .filter((field) => !CLOSED_FIELDS.has(field))
    .map((field) => `${key}: field ${field} of a run that is closed`);
  const packed = (await redis.callBuffer('HGET', key, 'e')) as Buffer | null;
  const claimed =
    packed && packed.length >= LENGTH_OFFSET + 3 ? packed.readUIntBE(LENGTH_OFFSET, 3) : undefined;
  const length = Number(await redis.call('LLEN', `${key.slice(0, key.indexOf('}:') + 2)}h:${runId}`));
  if (length !== claimed) left.push(`${key}: says ${claimed} of a history of ${length} events`);
  return left;
}

function pairs(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string;
  return fields;
}

async function allKeys(redis: SurveyConnection, prefix: string): Promise<string[]> {
  const keys = new Set<string>();
  for (const server of redis.nodes?.('master') ?? [redis]) {
    let cursor = '0';
    do {
      const reply = await server.call('SCAN', cursor, 'MATCH', `${prefix}:*`, 'COUNT', '1000');
      const [next, page] = reply as [string, string[]];
      for (const key of page) keys.add(key);
      cursor = next;
    } while (cursor !== '0');
  }
  return [...keys];
}
