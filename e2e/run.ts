/**
 * Runs the end-to-end tests: builds the cluster's programs when they are not there yet (the network is needed for that,
 * so it comes first), then runs `node --test` in a namespace of its own and passes its exit code on.
 * Arguments that begin with a dash go to `node --test` (write values with `=`); others are test files, default all.
 */
import path from 'node:path';
import { ClusterError } from './cluster/cluster-error.ts';
import { runInNamespace } from './cluster/namespace.ts';
import { prepare } from './prepare.ts';

const words = process.argv.slice(2);
const options = words.filter((word) => word.startsWith('-'));
const files = words.filter((word) => !word.startsWith('-'));
const tests = files.length > 0 ? files : [path.join(import.meta.dirname, '**', '*.test.ts')];

try {
  await prepare();
  // One file after the other: they measure time, and take the same addresses.
  const how = ['--test', '--test-concurrency=1'];
  process.exitCode = await runInNamespace([process.execPath, ...how, ...options, ...tests]);
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`e2e: ${error.message}`);
  process.exitCode = 1;
}
