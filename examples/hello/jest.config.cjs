module.exports = { displayName: '@tidewheel/example-hello', preset: '../../jest.preset.cjs' };
