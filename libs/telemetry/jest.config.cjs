module.exports = { displayName: '@tidewheel/telemetry', preset: '../../jest.preset.cjs' };
