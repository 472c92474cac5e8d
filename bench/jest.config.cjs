module.exports = { displayName: '@tidewheel/bench', preset: '../jest.preset.cjs' };
