/** Host and port of one server. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is, and in which of its forms. */
export type RedisAddress =
  /** One server; its address in a form that ioredis reads. */
  | { readonly kind: 'server'; readonly url: string }
  /** A Redis Cluster, found through some of its nodes. */
  | (SeveralNodes & { readonly kind: 'cluster' })
  /** One server at a time, which sentinels name. */
  | (SeveralNodes & {
      readonly kind: 'sentinel';
      /** The name under which the sentinels know it. */
      readonly primary: string;
      readonly database: number;
      readonly sentinelPassword: string | undefined;
    });

interface SeveralNodes {
  readonly nodes: readonly RedisNode[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
}

/** The forms of an address, for messages and documentation. */
export const REDIS_ADDRESS_FORMS =
  'redis://[[user]:password@]host[:port][/db], redis+cluster://[[user]:password@]host:port[,host:port ...], ' +
  'redis+sentinel://[[user]:password@]host:port[,host:port ...]/name[/db], rediss... for TLS, or unix:///path';

const DEFAULT_PORTS = { cluster: 6379, sentinel: 26_379 } as const;
const SEVERAL =
  /^(rediss?)\+(cluster|sentinel):\/\/(?:([^@/?]*)@)?([^@/?]+)(?:\/([^/?]*))?(?:\/(\d{1,4}))?(?:\?(.*))?$/;

/**
 * Reads the address of a Redis. User and password are percent-decoded, so that they may hold any character.
 *
 * @throws TypeError when it has none of the {@link REDIS_ADDRESS_FORMS}; the message does not repeat it, as it may hold a
 *   password
 */
export function parseRedisAddress(url: string): RedisAddress {
  const address = readAddress(url);
  if (!address) throw new TypeError(`the address of Redis must be ${REDIS_ADDRESS_FORMS}`);
  return address;
}

/** Whether a text is the address of a Redis. */
export function isRedisAddress(url: string): boolean {
  return readAddress(url) !== undefined;
}

function readAddress(url: string): RedisAddress | undefined {
  if (/^unix:\/\/\/./.test(url)) return { kind: 'server', url: url.slice('unix://'.length) };
  if (/^rediss?:\/\//.test(url)) return isServerUrl(url) ? { kind: 'server', url } : undefined;
  const [, scheme, kind, credentials = '', hosts = '', path = '', database, query] = SEVERAL.exec(url) ?? [];
  if (kind !== 'cluster' && kind !== 'sentinel') return undefined;
  try {
    const nodes = hosts.split(',').map((text) => readNode(text, DEFAULT_PORTS[kind]));
    const colon = credentials.indexOf(':');
    const common = {
      nodes,
      username: decoded(colon < 0 ? credentials : credentials.slice(0, colon)),
      password: decoded(colon < 0 ? '' : credentials.slice(colon + 1)),
      tls: scheme === 'rediss',
    };
    if (kind === 'cluster') {
      return path === '' && database === undefined && query === undefined ? { kind, ...common } : undefined;
    }
    const primary = decoded(path);
    const options = new URLSearchParams(query);
    const sentinelPassword = options.get('sentinelPassword') ?? undefined;
    options.delete('sentinelPassword');
    if (primary === undefined || options.size > 0) return undefined;
    return { kind, ...common, primary, database: Number(database ?? 0), sentinelPassword };
  } catch {
    return undefined;
  }
}

function isServerUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, pathname } = new URL(url);
  return hostname !== '' && /^(\/\d{0,4})?$/.test(pathname);
}

/** @throws TypeError */
function readNode(text: string, defaultPort: number): RedisNode {
  const { hostname, port } = new URL(`redis://${text}`);
  if (hostname === '' || /[\s,]/.test(text)) throw new TypeError('not a host and port');
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? defaultPort : Number(port) };
}

function decoded(text: string): string | undefined {
  return text === '' ? undefined : decodeURIComponent(text);
}
