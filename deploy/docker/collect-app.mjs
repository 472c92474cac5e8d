// Puts together what an image of an app holds: node collect-app.mjs <workspace> <folder>
// Run where the app is compiled and `npm ci --omit=dev --workspace <workspace>` has just been run. Takes the app and the
// libraries it needs (package.json and dist), their packages, the licence, and for whoever looks through
// the image package-lock.json and sbom.json (CycloneDX).
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [workspace, target] = process.argv.slice(2);
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const { packages } = readJson('package-lock.json');

/** Where Node.js finds a package when something in a folder asks for it. */
function locate(name, from) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[path]) return path;
    if (folder === '') return undefined;
  }
}

/**
 * What is needed when a package runs, itself first. The install has more: it takes what the tests of the libraries need
 * for needed by somebody.
 */
function neededPaths(path, found = new Set()) {
  if (path === undefined || found.has(path)) return found;
  found.add(path);
  const { link, resolved, dependencies, optionalDependencies, peerDependencies } = packages[path];
  if (link) return neededPaths(resolved, found);
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  for (const name of names) neededPaths(locate(name, path), found);
  return found;
}

/** Neither types nor source maps of packages are read by anything that runs here: almost half of their size. */
const isLeftOut = (path) => /\.(map|d\.[cm]?ts)$/.test(path);

function copy(path, filter = () => true) {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  cpSync(path, join(target, path), { recursive: true, verbatimSymlinks: true, filter });
}

const needed = [...neededPaths(`node_modules/${workspace}`)];
for (const path of needed) {
  if (packages[path].link) copy(path);
  else if (!path.includes('node_modules/')) {
    copy(`${path}/package.json`);
    copy(`${path}/dist`, (file) => !/\.tsbuildinfo$|\.d\.ts(\.map)?$/.test(file));
  }
  // Optional packages for other platforms are not installed.
  else if (existsSync(path)) copy(path, (file) => !isLeftOut(file) && file !== join(path, 'node_modules'));
}
for (const file of ['LICENSE', 'package.json', 'package-lock.json']) copy(file);

const sbom = JSON.parse(
  execFileSync(
    'npm',
    [
      ...['sbom', '--package-lock-only', '--omit=dev', `--workspace=${workspace}`],
      ...['--sbom-format=cyclonedx', '--sbom-type=application'],
    ],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  ),
);
// The lock also names what tests need and what other platforms would: only what is in the image stays.
const isInside = (reference) =>
  existsSync(join(target, 'node_modules', reference.slice(0, reference.lastIndexOf('@'))));
sbom.components = sbom.components.filter((component) => isInside(component['bom-ref']));
const named = new Set([
  sbom.metadata.component['bom-ref'],
  ...sbom.components.map((each) => each['bom-ref']),
]);
sbom.dependencies = sbom.dependencies
  .filter(({ ref }) => named.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => named.has(each)) }));
writeFileSync(join(target, 'sbom.json'), `${JSON.stringify(sbom, undefined, 2)}\n`);
console.log(`${workspace}: ${sbom.components.length} components`);
