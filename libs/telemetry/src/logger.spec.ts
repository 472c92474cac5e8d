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

describe('hidePassword', () => {
  it.each([
    ['redis://localhost:6379', 'redis://localhost:6379'],
    ['redis://user:p@ss:word@host:1/2', 'redis://user:[hidden]@host:1/2'],
    ['rediss://:secret@host', 'rediss://:[hidden]@host'],
    ['unix:///var/run/redis.sock', 'unix:///var/run/redis.sock'],
  ])('makes of %s %s', (url, shown) => {
    expect(hidePassword(url)).toBe(shown);
  });
});
