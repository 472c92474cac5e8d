// All unit tests in one run: every project that has its own jest.config.cjs.
const fs = require('node:fs');
const path = require('node:path');

const folders = ['apps', 'libs', 'examples', 'tests'].flatMap((group) =>
  fs.existsSync(path.join(__dirname, group))
    ? fs.readdirSync(path.join(__dirname, group)).map((name) => `${group}/${name}`)
    : [],
);

module.exports = {
  maxWorkers: '100%',
  projects: [...folders, 'bench']
    .filter((folder) => fs.existsSync(path.join(__dirname, folder, 'jest.config.cjs')))
    .map((folder) => `<rootDir>/${folder}`),
};
