module.exports = { displayName: '@tidewheel/codec', preset: '../../jest.preset.cjs' };
