const { transform, transformIgnorePatterns, ...preset } = require('../../jest.preset.cjs');

module.exports = {
  ...preset,
  displayName: '@tidewheel/protocol',
  transform,
  // The validator of OpenAPI documents is an ES module only.
  transformIgnorePatterns: transformIgnorePatterns.map((pattern) =>
    pattern.replace('(jose)', '(jose|@seriousme)'),
  ),
};
