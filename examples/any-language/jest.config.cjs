module.exports = { displayName: '@tidewheel/example-any-language', preset: '../../jest.preset.cjs' };
