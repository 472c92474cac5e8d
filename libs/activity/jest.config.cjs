module.exports = { displayName: '@tidewheel/activity', preset: '../../jest.preset.cjs' };
