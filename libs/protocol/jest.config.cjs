module.exports = { displayName: '@tidewheel/protocol', preset: '../../jest.preset.cjs' };
