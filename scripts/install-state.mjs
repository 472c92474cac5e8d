// Says whether node_modules holds what package-lock.json names. Exit code 0: yes. 1: no, and the reason is printed.
// npm keeps a record of what it installed in node_modules/.package-lock.json; this compares the two.
import { existsSync, readFileSync } from 'node:fs';

const RECORD = 'node_modules/.package-lock.json';

/** Only packages from a registry: workspaces are links, and the root is no package. */
function packagesIn(file) {
  const { packages } = JSON.parse(readFileSync(file, 'utf8'));
  const isInstalled = ([path, entry]) => path.startsWith('node_modules/') && !entry.link;
  return new Map(Object.entries(packages).filter(isInstalled));
}

function differenceFromLock() {
  if (!existsSync(RECORD)) return 'nothing is installed yet';
  const wanted = packagesIn('package-lock.json');
  const present = packagesIn(RECORD);
  for (const [path, { version, optional, peer }] of wanted) {
    const found = present.get(path);
    // Optional packages for other platforms are never installed here.
    if (found ? found.version !== version : !optional && !peer) return `${path} should be ${version}`;
  }
  for (const path of present.keys()) if (!wanted.has(path)) return `${path} is not in the lock`;
  for (const [path, entry] of Object.entries(
    JSON.parse(readFileSync('package-lock.json', 'utf8')).packages,
  )) {
    if (entry.link && !existsSync(path)) return `${path} is not linked`;
  }
  return undefined;
}

const difference = differenceFromLock();
if (difference !== undefined) {
  console.log(difference);
  process.exitCode = 1;
}
