// Sources import each other as `./x.js`, the name after compilation; under jest the file is `./x.ts`.
const fs = require('node:fs');
const path = require('node:path');

const RELATIVE_JS = /^\.{1,2}\/.*\.js$/;

module.exports = (request, options) => {
  if (RELATIVE_JS.test(request) && !options.basedir.includes(`${path.sep}node_modules${path.sep}`)) {
    const source = path.resolve(options.basedir, request.replace(/\.js$/, '.ts'));
    if (fs.existsSync(source)) return source;
  }
  return options.defaultResolver(request, options);
};
