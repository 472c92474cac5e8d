// Two properties of package-lock.json that "npm install" can silently lose:
// - no package carries `resolved`, so that the lock names no registry and works with any mirror;
// - every optional dependency of every package is present, for all platforms. npm drops those that it could not
//   find when the lock was written, and then "npm ci" fails on another machine.
import { readFileSync } from 'node:fs';

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));

/** Looks for a package the way Node.js does: beside the one that asks, then in each folder above. */
function isFoundFrom(path, name) {
  const parts = path === '' ? [] : path.split('/node_modules/');
  for (let depth = parts.length; depth >= 0; depth--) {
    const folder = parts.slice(0, depth).join('/node_modules/');
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
  }
  return false;
}

const problems = [];
for (const [path, entry] of Object.entries(packages)) {
  // A workspace's `resolved` is its folder.
  if (entry.resolved !== undefined && !entry.link) problems.push(`${path} carries "resolved"`);
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!isFoundFrom(path, name)) problems.push(`${path} ${entry.version} lacks its optional ${name}`);
  }
}

if (problems.length > 0) {
  console.log(problems.join('\n'));
  process.exitCode = 1;
}
