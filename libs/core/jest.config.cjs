module.exports = { displayName: '@tidewheel/core', preset: '../../jest.preset.cjs' };
