module.exports = { displayName: '@tidewheel/testing', preset: '../../jest.preset.cjs' };
