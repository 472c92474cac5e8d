import { InvalidArgumentError } from '@tidewheel/core';
import { requestedOverride } from './versioning-override.js';
import type { VersioningOverride } from './versioning-override.js';

describe('requestedOverride', () => {
  it('takes both forms', () => {
    expect(requestedOverride('AUTO_UPGRADE')).toEqual({ behavior: 'AUTO_UPGRADE' });
    const version = { deploymentName: 'shop', buildId: '2' };
    expect(requestedOverride({ pinnedTo: version })).toEqual({ behavior: 'PINNED', version });
  });

  it.each([
    ['PINNED', 'versioningOverride'],
    [7, 'versioningOverride'],
    [{ pinnedTo: null }, 'versioningOverride'],
    [{ pinnedTo: { deploymentName: 'shop' } }, 'versioningOverride.pinnedTo.buildId'],
    [{ pinnedTo: { deploymentName: '', buildId: '2' } }, 'versioningOverride.pinnedTo.deploymentName'],
    [
      { pinnedTo: { deploymentName: 'shop', buildId: 'x'.repeat(256) } },
      'versioningOverride.pinnedTo.buildId',
    ],
  ])('refuses %j with the field', (override, field) => {
    const refused = (): unknown => requestedOverride(override as VersioningOverride);
    expect(refused).toThrow(InvalidArgumentError);
    expect(refused).toThrow(`${field}: `);
  });
});
