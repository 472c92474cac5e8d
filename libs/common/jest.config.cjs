module.exports = { displayName: '@tidewheel/common', preset: '../../jest.preset.cjs' };
