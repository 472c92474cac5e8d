module.exports = { displayName: '@tidewheel/store', preset: '../../jest.preset.cjs' };
