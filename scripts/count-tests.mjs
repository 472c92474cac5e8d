// Sums the results in the folder given as argument and prints "N passed, N failed" as its only line.
// Reads jest's --json files and `{"passed":n,"failed":n}` files; exits with 1 when anything failed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);

function countsOf(result) {
  if (!('numPassedTests' in result)) return { passed: result.passed ?? 0, failed: result.failed ?? 0 };
  // A test file that could not even be loaded has no tests that could fail.
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return { passed: result.numPassedTests, failed: result.success ? failed : Math.max(1, failed) };
}

let passed = 0;
let failed = 0;
for (const name of readdirSync(folder)) {
  const counts = countsOf(JSON.parse(readFileSync(join(folder, name), 'utf8')));
  passed += counts.passed;
  failed += counts.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
