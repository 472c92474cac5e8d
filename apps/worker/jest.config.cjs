module.exports = { displayName: '@tidewheel/worker-app', preset: '../../jest.preset.cjs' };
