import { createLogger, hidePassword } from './logger.js';

function loggerTo(lines: Record<string, unknown>[], level: 'debug' | 'info' = 'info') {
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  return createLogger({ service: 'test', level, destination });
}

describe('createLogger', () => {
  it('writes one JSON object a line, with service, process, level and time', () => {
    const lines: Record<string, unknown>[] = [];
    const logger = loggerTo(lines);
    logger.debug('not written');
    logger.child({ part: 'engine' }).warn({ attempt: 2 }, 'again');
    expect(lines).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        service: 'test',
        pid: process.pid,
        part: 'engine',
        attempt: 2,
        msg: 'again',
      },
    ]);
  });

  it('lets children follow when the level changes', () => {
    const lines: Record<string, unknown>[] = [];
    const logger = loggerTo(lines);
    const child = logger.child({ part: 'a' }).child({ part: 'b' });
    child.debug('not written');
    logger.level = 'debug';
    child.debug('written');
    logger.level = 'silent';
    child.fatal('not written');
    expect(lines.map(({ msg }) => msg)).toEqual(['written']);
    expect(child.level).toBe('silent');
  });

  it('hides what may be a secret or a value of an application', () => {
    const lines: Record<string, unknown>[] = [];
    loggerTo(lines).info(
      { password: 'a', request: { authorization: 'b', job: { data: 'c' } }, input: ['d'] },
      'x',
    );
    expect(lines[0]).toMatchObject({
      password: '[hidden]',
      request: { authorization: '[hidden]', job: { data: '[hidden]' } },
      input: '[hidden]',
    });
  });
});

describe('errors in the log', () => {
  it('are told with class, code and causes, but without the command that failed', () => {
    const lines: Record<string, unknown>[] = [];
    const failed = Object.assign(new TypeError('WRONGTYPE'), { code: 'E1', command: { args: ['hunter2'] } });
    const logger = loggerTo(lines);
    logger.warn({ error: new Error('outer', { cause: failed }) }, 'failed');
    logger.warn({ err: failed, other: 'x' }, 'failed');
    expect(lines[0]).toMatchObject({
      error: { type: 'Error', message: 'outer', cause: { type: 'TypeError', code: 'E1' } },
    });
    expect(lines[1]).toMatchObject({ err: { message: 'WRONGTYPE', stack: expect.any(String) as string } });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });
});

describe('hidePassword', () => {
  it.each([
    ['redis://localhost:6379', 'redis://localhost:6379'],
    ['redis://user:p@ss:word@host:1/2', 'redis://user:[hidden]@host:1/2'],
    ['rediss://:secret@host', 'rediss://:[hidden]@host'],
    ['redis+cluster://u:secret@a:1,b:2', 'redis+cluster://u:[hidden]@a:1,b:2'],
    ['redis+cluster://a:1,b:2', 'redis+cluster://a:1,b:2'],
    [
      'redis+sentinel://a:1/m?sentinelPassword=s@1&x=2',
      'redis+sentinel://a:1/m?sentinelPassword=[hidden]&x=2',
    ],
    ['unix:///var/run/redis.sock', 'unix:///var/run/redis.sock'],
  ])('makes of %s %s', (url, shown) => {
    expect(hidePassword(url)).toBe(shown);
  });
});
