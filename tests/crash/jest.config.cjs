module.exports = { displayName: '@tidewheel/crash', preset: '../../jest.preset.cjs' };
