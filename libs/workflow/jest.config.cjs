module.exports = { displayName: '@tidewheel/workflow', preset: '../../jest.preset.cjs' };
