module.exports = { displayName: '@tidewheel/process', preset: '../../jest.preset.cjs' };
