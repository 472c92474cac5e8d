import { integer, oneOf, redisAddress } from './value-kinds.js';
import { ConfigurationError, SettingsReader } from './settings-reader.js';
import type { Environment } from './setting.js';

const SOURCES = {
  table: {
    TIDEWHEEL_REDIS_URL: redisAddress('redis://127.0.0.1:7379'),
    TIDEWHEEL_PORT: integer('', 1, 9),
    TIDEWHEEL_COLOUR: oneOf('red', ['red', 'blue']),
  },
  foreign: /^TIDEWHEEL_OTHER_/,
  aliases: { TIDEWHEEL_REDIS_URL: 'REDIS_URL' },
};

/** The faults of an environment when all of its settings are read. */
function faultsOf(environment: Environment): readonly string[] {
  const reader = new SettingsReader(environment, SOURCES);
  for (const name of Object.keys(SOURCES.table)) reader.read(name as keyof typeof SOURCES.table);
  try {
    reader.throwFaults();
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

describe('SettingsReader', () => {
  it('tells each fault in one line: the variable, what it got and what is allowed', () => {
    expect(faultsOf({ TIDEWHEEL_PORT: '10', TIDEWHEEL_COLOUR: 'gr\neen' })).toEqual([
      'TIDEWHEEL_PORT: got "10"; allowed is a whole number from 1 to 9',
      'TIDEWHEEL_COLOUR: got "gr een"; allowed is one of red, blue',
    ]);
  });

  it('names variables that nobody knows, with the nearest that is known', () => {
    const allowed = 'allowed are TIDEWHEEL_REDIS_URL, TIDEWHEEL_PORT, TIDEWHEEL_COLOUR';
    expect(faultsOf({ TIDEWHEEL_COLOR: 'red', TIDEWHEEL_SOMETHING: 'x', TIDEWHEEL_OTHER_X: 'y' })).toEqual([
      `TIDEWHEEL_COLOR: is not a known variable; did you mean TIDEWHEEL_COLOUR? ${allowed}`,
      `TIDEWHEEL_SOMETHING: is not a known variable; ${allowed}`,
    ]);
  });

  it('names the variable that was really set, and hides the password in it', () => {
    const [fault = ''] = faultsOf({ REDIS_URL: 'redis://user:hunter2@host/wrong' });
    expect(fault).toMatch(/^REDIS_URL: got "redis:\/\/user:\[hidden\]@host\/wrong"; allowed is /);
  });

  it('does not repeat a long value in full', () => {
    expect(faultsOf({ TIDEWHEEL_PORT: 'x'.repeat(5_000) })[0]).toHaveLength(164);
  });

  it('tells a setting that is missing from one that is wrong', () => {
    const reader = new SettingsReader({}, SOURCES);
    expect(reader.read('TIDEWHEEL_PORT')).toBeUndefined();
    expect(() => reader.throwFaults()).not.toThrow();
    reader.require('TIDEWHEEL_PORT');
    expect(() => reader.throwFaults()).toThrow(
      'TIDEWHEEL_PORT: is not set; allowed is a whole number from 1 to 9',
    );
  });
});
