import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { redisServerBinary } from './redis-server-binary.js';
import { LineNotSeenError, type SpawnedProcess, spawnProcess } from './spawn-process.js';
import { waitUntil } from './wait-until.js';

/**
 * When the append-only file is forced to disk: after each write, once a second, or when the system likes to.
 * All three keep acknowledged writes when only the server process dies, except that `everysec` may hold back up to two
 * seconds of writes while the disk is busy; a power cut is survived by `always` alone.
 */
export type RedisFsync = 'none' | 'everysec' | 'always';

export interface TestRedisOptions {
  /** Default `none`, the fastest. */
  readonly fsync?: RedisFsync;
  /** An existing data directory, which is kept. Default: a new temporary one, which `stop` removes. */
  readonly dir?: string;
  /** Port on 127.0.0.1. Default 0: a free one. */
  readonly port?: number;
  /** Further arguments of redis-server, such as `['--maxmemory', '50mb']`. They win over those set here. */
  readonly extraArgs?: readonly string[];
}

/** A Redis server of one test. It dies with the test process, even when that one is killed. */
export interface TestRedis {
  readonly host: string;
  readonly port: number;
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  /** Of the server that runs now, or ran last; `restart` changes it. */
  readonly pid: number;
  /** Absolute path of the data directory. */
  readonly dir: string;
  /** The newest lines of the server's log, oldest first. */
  readonly log: readonly string[];
  /** Whether the server runs, or is frozen. */
  readonly isRunning: boolean;
  /** Kills the server with SIGKILL; settles when it is gone. Its data stays for `restart`. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data after `kill`. Settles when it has loaded its data and accepts connections. */
  restart(): Promise<void>;
  /** Stops the process with SIGSTOP: connections stay open, and nothing answers. Settles when it has stopped. */
  freeze(): Promise<void>;
  /** Lets a frozen process go on. */
  thaw(): void;
  /** Ends the server, and removes its data unless `dir` was given. May be called again, and after `kill`. */
  stop(): Promise<void>;
}

/** How many ports are tried when none was asked for and others are quicker to take them. */
const PORT_ATTEMPTS = 10;

/**
 * Starts a private Redis or Valkey server with an append-only file and no eviction, and waits until it accepts
 * connections.
 *
 * @example
 *   const redis = await startTestRedis({ fsync: 'always' });
 *   const connection = new Redis(redis.url);
 *   await redis.kill();
 *   await redis.restart(); // what was acknowledged is there
 *   await redis.stop();
 *
 * @throws LineNotSeenError with the server's log when it does not start.
 * @throws Error when there is no server binary on this machine.
 */
export async function startTestRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const { port = 0 } = options;
  const binary = await redisServerBinary();
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'tidewheel-redis-')));
  const isTemporary = options.dir === undefined;
  const launch = (chosenPort: number): Promise<SpawnedProcess> =>
    launchServer(binary, serverArguments(dir, chosenPort, options));

  for (let attempt = 1; ; attempt += 1) {
    const chosenPort = port === 0 ? await freePort() : port;
    try {
      const server = await launch(chosenPort);
      return new LocalTestRedis({
        port: chosenPort,
        dir,
        server,
        relaunch: () => launch(chosenPort),
        isTemporary,
      });
    } catch (error) {
      if (port === 0 && attempt < PORT_ATTEMPTS && isPortTaken(error)) continue;
      if (isTemporary) await removeFolder(dir);
      throw error;
    }
  }
}

interface LocalTestRedisOptions {
  readonly port: number;
  readonly dir: string;
  readonly server: SpawnedProcess;
  readonly relaunch: () => Promise<SpawnedProcess>;
  /** Whether `dir` goes when the server is stopped. */
  readonly isTemporary: boolean;
}

class LocalTestRedis implements TestRedis {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly dir: string;
  readonly #relaunch: () => Promise<SpawnedProcess>;
  readonly #isTemporary: boolean;
  #server: SpawnedProcess;

  constructor({ port, dir, server, relaunch, isTemporary }: LocalTestRedisOptions) {
    this.port = port;
    this.dir = dir;
    this.#server = server;
    this.#relaunch = relaunch;
    this.#isTemporary = isTemporary;
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  get pid(): number {
    return this.#server.pid;
  }

  get log(): readonly string[] {
    return this.#server.lines;
  }

  get isRunning(): boolean {
    return !this.#server.hasExited;
  }

  async kill(): Promise<void> {
    this.#server.kill('SIGKILL');
    await this.#server.exited;
  }

  async restart(): Promise<void> {
    if (!this.#server.hasExited)
      throw new Error(`The Redis server ${this.pid} still runs; kill() it before restart()`);
    await this.#server.exited;
    this.#server = await this.#relaunch();
  }

  async freeze(): Promise<void> {
    if (!this.#server.kill('SIGSTOP')) throw new Error(`The Redis server ${this.pid} does not run`);
    if (process.platform !== 'linux') return;
    // The signal is sent, but the process may still run for a moment on another processor.
    const stopped = async (): Promise<boolean> =>
      /^State:\s+T/m.test(await readFile(`/proc/${this.pid}/status`, 'utf8'));
    await waitUntil(stopped, { what: `the Redis server ${this.pid} to stop`, pollMs: 1 });
  }

  thaw(): void {
    this.#server.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.#isTemporary) {
      await this.kill();
      await removeFolder(this.dir);
    } else {
      this.thaw(); // a frozen process would not see the next signal
      this.#server.kill('SIGTERM');
      await this.#server.exited;
    }
  }
}

function serverArguments(
  dir: string,
  port: number,
  { fsync = 'none', extraArgs = [] }: TestRedisOptions,
): string[] {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: 'yes',
    appendfsync: fsync === 'none' ? 'no' : fsync,
    'maxmemory-policy': 'noeviction',
  };
  return [...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]), ...extraArgs];
}

async function launchServer(command: string, args: readonly string[]): Promise<SpawnedProcess> {
  const server = await spawnProcess({ command, args, name: 'redis-server' });
  try {
    await server.waitForLine(/Ready to accept connections/, { timeoutMs: 60_000 });
    return server;
  } catch (error) {
    server.kill('SIGKILL');
    await server.exited;
    throw error;
  }
}

function isPortTaken(error: unknown): boolean {
  return (
    error instanceof LineNotSeenError && error.lines.some((line) => /Address already in use/i.test(line))
  );
}

function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}
