import { DEFAULTS, LIMITS } from '@tidewheel/core';
import { SCRIPTS } from './scripts.generated.js';

/** The text of all scripts: constants stand in them as they are written in lua/include. */
const text = SCRIPTS.map(({ lua }) => lua).join('\n');

describe('the limits in scripts', () => {
  it.each([
    ['MAX_EVENTS, MAX_BYTES', LIMITS.historyEvents, LIMITS.historyBytes],
    [
      'SUGGEST_EVENTS, SUGGEST_BYTES',
      LIMITS.historyEventsSuggestContinueAsNew,
      LIMITS.historyBytesSuggestContinueAsNew,
    ],
    ['MAX_BUFFERED_EVENTS, MAX_BUFFERED_BYTES', LIMITS.bufferedEvents, LIMITS.bufferedBytes],
  ])('%s are those of the domain', (names, events, bytes) => {
    expect(text).toContain(`local ${names} = ${events}, ${bytes}`);
  });

  it('request ids are kept as long as the domain says', () => {
    expect(text).toContain(`local REQUEST_IDS_KEPT_MS = ${DEFAULTS.requestIdsKeptMs}\n`);
  });
});
