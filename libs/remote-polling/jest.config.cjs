module.exports = { displayName: '@tidewheel/remote-polling', preset: '../../jest.preset.cjs' };
