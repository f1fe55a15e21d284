/**
 * Runs one suite of end-to-end tests: `run.ts SUITE [OPTION ...] [FILE ...]`. What it runs on is brought up first, as the
 * network is needed for that; then `node --test` runs where the suite's addresses are, one file after the other, and
 * its exit code is passed on. Options begin with a dash and go to `node --test` (write values with `=`).
 */
import { spawn } from 'node:child_process';
import { glob } from 'node:fs/promises';
import path from 'node:path';
import { ClusterError } from './cluster/cluster-error.ts';
import { exitOf } from './cluster/command.ts';
import { prepareCluster } from './cluster/lifecycle.ts';
import { runInNamespace } from './cluster/namespace.ts';
import { buildImages } from './images/images.ts';
import { prepare } from './prepare.ts';

type Suite = {
  /** Which files are its tests, seen from here. */
  readonly tests: string;
  /** Makes what the tests run on, runs the command there, and resolves with its exit code. */
  readonly run: (command: readonly [string, ...string[]]) => Promise<number>;
};

const suites: Readonly<Record<string, Suite>> = {
  /** Both planes as processes, and the chart's objects, against a real API server. */
  planes: {
    tests: '{planes/**/,charts/,}*.test.ts',
    run: async (command) => {
      await prepare();
      return runInNamespace(command);
    },
  },
  /** The harness itself: its tests bring clusters up and down. */
  cluster: {
    tests: 'cluster/*.test.ts',
    run: async (command) => {
      await prepareCluster();
      return runHere(command);
    },
  },
  /** What the images hold, and that they run. */
  images: {
    tests: 'images/*.test.ts',
    run: async (command) => {
      await buildImages();
      return runHere(command);
    },
  },
};

async function runHere([program, ...args]: readonly [string, ...string[]]): Promise<number> {
  return (await exitOf(spawn(program, args, { stdio: 'inherit' }), program)).code ?? 1;
}

/** Runs the suite with the words that follow its name, and resolves with the exit code. An empty suite has failed. */
async function runSuite(name: string, words: readonly string[]): Promise<number> {
  const suite = suites[name];
  if (suite === undefined)
    throw new ClusterError('command', `no suite ${name}: ${Object.keys(suites).join(', ')}`);
  const options = words.filter((word) => word.startsWith('-'));
  const named = words.filter((word) => !word.startsWith('-'));
  const files = named.length > 0 ? named : await testsIn(suite);
  if (files.length === 0) throw new ClusterError('missing', `there are no tests at e2e/${suite.tests}`);
  // One file after the other: they measure time, and take the same addresses.
  const how = ['--test', '--test-concurrency=1'];
  return suite.run([process.execPath, ...how, ...options, ...files]);
}

async function testsIn(suite: Suite): Promise<readonly string[]> {
  const found = await Array.fromAsync(glob(suite.tests, { cwd: import.meta.dirname }));
  return found.sort().map((file) => path.join(import.meta.dirname, file));
}

try {
  const [name = '', ...words] = process.argv.slice(2);
  process.exitCode = await runSuite(name, words);
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`e2e: ${error.message}`);
  process.exitCode = 1;
}
