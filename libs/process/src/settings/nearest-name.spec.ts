import { nearestName } from './nearest-name.js';

const KNOWN = ['TIDEWHEEL_API_HOST', 'TIDEWHEEL_API_PORT', 'TIDEWHEEL_LOG_LEVEL'];

describe('nearestName', () => {
  it.each([
    ['TIDEWHEEL_API_PROT', 'TIDEWHEEL_API_PORT'],
    ['TIDEWHEEL_PORT', 'TIDEWHEEL_API_PORT'],
    ['TIDEWHEEL_API_HOSTS', 'TIDEWHEEL_API_HOST'],
    ['TIDEWHEEL_LOGLEVEL', 'TIDEWHEEL_LOG_LEVEL'],
  ])('takes %s for %s', (written, meant) => {
    expect(nearestName(written, KNOWN)).toBe(meant);
  });

  it('guesses nothing when no name is near', () => {
    expect(nearestName('TIDEWHEEL_SOMETHING_ALTOGETHER_DIFFERENT', KNOWN)).toBeUndefined();
    expect(nearestName('X', [])).toBeUndefined();
  });
});
