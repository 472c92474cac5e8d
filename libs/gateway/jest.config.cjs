module.exports = { displayName: '@tidewheel/gateway', preset: '../../jest.preset.cjs' };
