import { ConfigurationError } from '@tidewheel/process';
import { readmeTable } from '@tidewheel/testing';
import { readConfiguration, VARIABLES } from './configuration.js';

function faultsOf(environment: Record<string, string | undefined>): readonly string[] {
  try {
    readConfiguration(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

describe('readConfiguration', () => {
  it('needs nothing', () => {
    expect(readConfiguration({})).toEqual({
      redisUrl: 'redis://127.0.0.1:7379',
      partitions: undefined,
      keyPrefix: 'tw',
      strictDurability: false,
      host: '127.0.0.1',
      port: 7243,
      grpcPort: undefined,
      bodyLimitBytes: 4_456_448,
      duties: true,
      quarantineAfter: 5,
      retentionIntervalMs: 60_000,
      retentionBatch: 100,
      shutdownTimeoutMs: 30_000,
      logLevel: 'info',
    });
  });

  it('reads every variable', () => {
    expect(
      readConfiguration({
        REDIS_URL: 'rediss://user:secret@redis.example:6380/2',
        TIDEWHEEL_PARTITIONS: '4',
        TIDEWHEEL_KEY_PREFIX: 'prod-1',
        TIDEWHEEL_STRICT_DURABILITY: 'on',
        TIDEWHEEL_API_HOST: '::',
        TIDEWHEEL_API_PORT: '0',
        TIDEWHEEL_GRPC_PORT: '7233',
        TIDEWHEEL_API_BODY_LIMIT_BYTES: '1024',
        TIDEWHEEL_DUTIES: 'off',
        TIDEWHEEL_QUARANTINE_AFTER: '0',
        TIDEWHEEL_RETENTION_INTERVAL: '5 minutes',
        TIDEWHEEL_RETENTION_BATCH: '7',
        TIDEWHEEL_SHUTDOWN_TIMEOUT: '1.5s',
        TIDEWHEEL_LOG_LEVEL: 'silent',
      }),
    ).toEqual({
      redisUrl: 'rediss://user:secret@redis.example:6380/2',
      partitions: 4,
      keyPrefix: 'prod-1',
      strictDurability: true,
      host: '::',
      port: 0,
      grpcPort: 7233,
      bodyLimitBytes: 1024,
      duties: false,
      quarantineAfter: 0,
      retentionIntervalMs: 300_000,
      retentionBatch: 7,
      shutdownTimeoutMs: 1_500,
      logLevel: 'silent',
    });
  });

  it('takes a variable that is set to nothing as not set', () => {
    expect(readConfiguration({ TIDEWHEEL_API_PORT: '', REDIS_URL: '' })).toEqual(readConfiguration({}));
  });

  it.each([
    ['TIDEWHEEL_API_PORT', '70000', 'a whole number from 0 to 65535; 0 for any free one'],
    ['TIDEWHEEL_API_PORT', '7243.5', 'a whole number from 0 to 65535'],
    ['TIDEWHEEL_API_PORT', ' 7243', 'a whole number from 0 to 65535'],
    ['TIDEWHEEL_GRPC_PORT', 'on', 'a whole number from 0 to 65535 to serve gRPC on; 0 for any free one'],
    ['TIDEWHEEL_API_HOST', 'http://x', 'an address or host name'],
    ['TIDEWHEEL_API_BODY_LIMIT_BYTES', '4MB', 'a whole number from 1024 to 67108864'],
    ['TIDEWHEEL_PARTITIONS', '0', 'a whole number from 1 to 1024 to create a new deployment with'],
    ['TIDEWHEEL_KEY_PREFIX', '{tw}', '1 to 32 letters'],
    ['TIDEWHEEL_DUTIES', 'true', 'on or off'],
    ['TIDEWHEEL_STRICT_DURABILITY', 'yes', 'on or off'],
    ['TIDEWHEEL_QUARANTINE_AFTER', 'never', 'a whole number from 0 to 100; 0 for no quarantine'],
    ['TIDEWHEEL_RETENTION_INTERVAL', 'often', 'a duration such as "10s" or "5m" from 1s to 86400s'],
    ['TIDEWHEEL_RETENTION_INTERVAL', '10ms', 'from 1s to 86400s'],
    ['TIDEWHEEL_RETENTION_BATCH', '-1', 'a whole number from 1 to 10000'],
    ['TIDEWHEEL_SHUTDOWN_TIMEOUT', '1h', 'from 0s to 600s'],
    ['TIDEWHEEL_LOG_LEVEL', 'verbose', 'one of trace, debug, info, warn, error, fatal, silent'],
    ['REDIS_URL', 'localhost:6379', 'redis://'],
    ['REDIS_URL', 'http://localhost', 'redis://'],
    ['TIDEWHEEL_REDIS_URL', 'http://localhost', 'redis://'],
    ['REDIS_URL', 'redis://', 'redis://'],
    ['REDIS_URL', 'redis://host/db', 'redis://'],
    ['REDIS_URL', 'unix://', 'unix:///path'],
    ['REDIS_URL', 'redis+cluster://a,,b', 'redis+cluster://'],
    ['REDIS_URL', 'redis+sentinel://a:26379', 'redis+sentinel://'],
  ])('refuses %s=%s and says what is allowed', (name, value, allowed) => {
    const faults = faultsOf({ [name]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`${name}: got "${value}"; allowed is `);
    expect(faults[0]).toContain(allowed);
  });

  it.each([
    'redis://localhost',
    'redis://:p@[::1]:6379',
    'rediss://h:1/15',
    'unix:///var/run/redis.sock',
    'redis+cluster://a:1,b:2',
    'rediss+sentinel://u:p@a,b/main/1',
  ])('takes REDIS_URL=%s', (url) => {
    expect(readConfiguration({ REDIS_URL: url }).redisUrl).toBe(url);
  });

  it('takes REDIS_URL, and TIDEWHEEL_REDIS_URL before it', () => {
    const url = (environment: Record<string, string>): string => readConfiguration(environment).redisUrl;
    expect(url({ TIDEWHEEL_REDIS_URL: 'redis://b' })).toBe('redis://b');
    expect(url({ REDIS_URL: 'redis://a', TIDEWHEEL_REDIS_URL: 'redis://b' })).toBe('redis://b');
    expect(url({ REDIS_URL: 'redis://a', TIDEWHEEL_REDIS_URL: '' })).toBe('redis://a');
  });

  it('refuses variables that it does not know, but not those of other parts', () => {
    expect(
      faultsOf({
        TIDEWHEEL_API_PROT: '1',
        TIDEWHEEL_WORKER_PORT: '1',
        TIDEWHEEL_TEST_RESULTS: '/tmp',
        HOME: '/',
      }),
    ).toEqual([
      expect.stringMatching(
        /^TIDEWHEEL_API_PROT: is not a known variable; did you mean TIDEWHEEL_API_PORT\? allowed are TIDEWHEEL_REDIS_URL, /,
      ),
    ]);
  });

  it('refuses one port for both, unless the system chooses', () => {
    expect(faultsOf({ TIDEWHEEL_GRPC_PORT: '7243' })).toEqual([
      'TIDEWHEEL_GRPC_PORT: got "7243"; allowed is any other than TIDEWHEEL_API_PORT',
    ]);
    expect(faultsOf({ TIDEWHEEL_GRPC_PORT: '0', TIDEWHEEL_API_PORT: '0' })).toEqual([]);
    const wrong = faultsOf({ TIDEWHEEL_GRPC_PORT: 'x', TIDEWHEEL_API_PORT: 'x' });
    expect(wrong).toHaveLength(2);
  });

  it('tells all faults at once, one line each', () => {
    const faults = faultsOf({ TIDEWHEEL_API_PORT: 'x', TIDEWHEEL_DUTIES: 'y', TIDEWHEEL_Z: 'z' });
    expect(faults.map((line) => line.split(':')[0])).toEqual([
      'TIDEWHEEL_Z',
      'TIDEWHEEL_API_PORT',
      'TIDEWHEEL_DUTIES',
    ]);
    expect(faults.join('')).not.toContain('\n');
  });

  it('never repeats a password', () => {
    const [fault] = faultsOf({ REDIS_URL: 'redis://user:hunter2@host/wrong' });
    expect(fault).toContain('redis://user:[hidden]@host/wrong');
    expect(fault).not.toContain('hunter2');
  });
});

describe("the README's table of variables", () => {
  it('holds for both processes together: those of a worker may be set for the API, too', () => {
    const theirs = Object.fromEntries(
      [...readmeTable('worker variables').keys()].map((variable) => [variable, '']),
    );
    expect(Object.keys(theirs).length).toBeGreaterThan(5);
    expect(faultsOf(theirs)).toEqual([]);
  });

  it('has every variable with its default, and no other', () => {
    const sorted = (variables: Iterable<[string, string]>): unknown => [...variables].sort();
    expect(sorted(readmeTable('API variables'))).toEqual(sorted(VARIABLES));
  });
});
