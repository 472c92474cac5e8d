module.exports = { displayName: '@tidewheel/telemetry-node', preset: '../../jest.preset.cjs' };
