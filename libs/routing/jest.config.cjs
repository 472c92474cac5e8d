module.exports = { displayName: '@tidewheel/routing', preset: '../../jest.preset.cjs' };
