module.exports = { displayName: '@tidewheel/history-checker', preset: '../../jest.preset.cjs' };
