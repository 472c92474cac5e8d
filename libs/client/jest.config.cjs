module.exports = { displayName: '@tidewheel/client', preset: '../../jest.preset.cjs' };
