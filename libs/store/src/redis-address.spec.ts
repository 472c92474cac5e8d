import { isRedisAddress, parseRedisAddress } from './redis-address.js';

describe('the address of a Redis', () => {
  it('of one server is left to the client library', () => {
    const url = 'rediss://user:secret@redis.example:6380/2';
    expect(parseRedisAddress(url)).toEqual({ kind: 'server', url });
    expect(parseRedisAddress('unix:///run/redis.sock')).toEqual({ kind: 'server', url: '/run/redis.sock' });
  });

  it('of a cluster names some of its nodes', () => {
    expect(parseRedisAddress('redis+cluster://a:7001,b:7002,[::1]')).toEqual({
      kind: 'cluster',
      nodes: [
        { host: 'a', port: 7001 },
        { host: 'b', port: 7002 },
        { host: '::1', port: 6379 },
      ],
      username: undefined,
      password: undefined,
      tls: false,
    });
    expect(parseRedisAddress('rediss+cluster://me:p%40ss%2F%3A@a')).toMatchObject({
      username: 'me',
      password: 'p@ss/:',
      tls: true,
    });
  });

  it('of sentinels names the primary that they watch', () => {
    expect(parseRedisAddress('redis+sentinel://:secret@a,b:26380/main/3?sentinelPassword=s%26s')).toEqual({
      kind: 'sentinel',
      nodes: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_380 },
      ],
      username: undefined,
      password: 'secret',
      tls: false,
      primary: 'main',
      database: 3,
      sentinelPassword: 's&s',
    });
  });

  it.each([
    '',
    'http://a',
    'redis://',
    'redis://a/x',
    'redis+cluster://',
    'redis+cluster://a,,b',
    'redis+cluster://a:99999',
    'redis+cluster://a/3',
    'redis+cluster://a?b=c',
    'redis+cluster://:%zz@a',
    'redis+sentinel://a',
    'redis+sentinel://a/',
    'redis+sentinel://a/main/x',
    'redis+sentinel://a/main?password=b',
    'unix://socket',
  ])('is refused as %s', (url) => {
    expect(isRedisAddress(url)).toBe(false);
  });

  it('is not repeated when it is refused, as it may hold a password', () => {
    expect(() => parseRedisAddress('redis+sentinel://:secret@a')).toThrow(/redis\+cluster:\/\//);
    expect(() => parseRedisAddress('redis+sentinel://:secret@a')).toThrow(/^(?!.*secret)/);
  });
});
