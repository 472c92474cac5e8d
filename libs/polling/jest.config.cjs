module.exports = { displayName: '@tidewheel/polling', preset: '../../jest.preset.cjs' };
