module.exports = { displayName: '@tidewheel/engine', preset: '../../jest.preset.cjs' };
