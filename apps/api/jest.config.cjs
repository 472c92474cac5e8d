module.exports = { displayName: '@tidewheel/api-app', preset: '../../jest.preset.cjs' };
