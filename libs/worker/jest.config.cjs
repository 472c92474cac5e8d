module.exports = { displayName: '@tidewheel/worker', preset: '../../jest.preset.cjs' };
