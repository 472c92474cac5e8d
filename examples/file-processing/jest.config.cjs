module.exports = { displayName: '@tidewheel/example-file-processing', preset: '../../jest.preset.cjs' };
