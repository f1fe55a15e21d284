/**
 * Runs one suite of end-to-end tests: `run.ts SUITE [OPTION ...] [FILE ...]`. What it runs on is brought up first, as the
 * network is needed for that; then `node --test` runs where the suite's addresses are, and its exit code is passed on.
 * Options begin with a dash and go to `node --test` (write values with `=`).
 */
import { spawn } from 'node:child_process';
import { glob, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ClusterError } from './cluster/cluster-error.ts';
import { exitOf } from './cluster/command.ts';
import { prepareCluster } from './cluster/lifecycle.ts';
import { runInNamespace } from './cluster/namespace.ts';
import { buildImages } from './images/images.ts';
import { prepare } from './prepare.ts';

type Command = readonly [string, ...string[]];

type Suite = {
  /** Which files are its tests, seen from here. */
  readonly tests: string;
  /** Makes what the tests run on, runs them there by the command that files are added to, and resolves with its exit code. */
  readonly run: (command: Command, files: readonly string[]) => Promise<number>;
};

/** These measure time or memory under load: beside them nothing runs. */
const measuring = new Set(['changing-backends', 'propagation', 'soak']);

const suites: Readonly<Record<string, Suite>> = {
  /** Both planes as processes, and the chart's objects, against a real API server. */
  planes: {
    tests: '{planes/**/,charts/,}*.test.ts',
    run: async (command, files) => {
      await prepare();
      return runInNamespaces(command, files);
    },
  },
  /** The harness itself: its tests bring clusters up and down. */
  cluster: {
    tests: 'cluster/*.test.ts',
    run: async (command, files) => {
      await prepareCluster();
      return runHere(command, files);
    },
  },
  /** What the images hold, and that they run. */
  images: {
    tests: 'images/*.test.ts',
    run: async (command, files) => {
      await buildImages();
      return runHere(command, files);
    },
  },
};

/**
 * Two halves of the files side by side, each in a namespace of its own as all take the same addresses, then those that
 * measure. The second half's words are held back until the first has said its own.
 */
async function runInNamespaces(command: Command, files: readonly string[]): Promise<number> {
  const measures = (file: string) => measuring.has(path.basename(file, '.test.ts'));
  const others = files.filter((file) => !measures(file));
  const half = (odd: 0 | 1) => others.filter((_, index) => index % 2 === odd);
  const heldBack = path.join(await mkdtemp(path.join(tmpdir(), 'turnpike-e2e-')), 'output');
  const output = await open(heldBack, 'w+');
  const run = async (some: readonly string[], to?: number) =>
    some.length === 0 ? 0 : runInNamespace([...command, ...some], to);
  try {
    const codes = await Promise.all([run(half(0)), run(half(1), output.fd)]);
    process.stdout.write(await readFile(heldBack));
    return [...codes, await run(files.filter(measures))].find((code) => code !== 0) ?? 0;
  } finally {
    await output.close();
    await rm(path.dirname(heldBack), { recursive: true });
  }
}

async function runHere([program, ...args]: Command, files: readonly string[]): Promise<number> {
  return (await exitOf(spawn(program, [...args, ...files], { stdio: 'inherit' }), program)).code ?? 1;
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
  // One file after the other: they take the same addresses.
  return suite.run([process.execPath, '--test', '--test-concurrency=1', ...options], files);
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
