/**
 * Runs one suite of end-to-end tests: `run.ts SUITE [OPTION ...] [FILE ...]`. What it runs on is brought up first, as the
 * network is needed for that; then `node --test` runs where the suite's addresses are, and its exit code is passed on.
 * Options begin with a dash and go to `node --test` (write values with `=`).
 */
import { spawn } from 'node:child_process';
import { glob, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { prepareBrowser } from './browser/chromium.ts';
import { ClusterError } from './cluster/cluster-error.ts';
import { exitOf } from './cluster/command.ts';
import { prepareCluster } from './cluster/lifecycle.ts';
import { runInNamespace } from './cluster/namespace.ts';
import { prepareEngine } from './engine/programs.ts';
import { buildImages } from './images/images.ts';
import { prepare } from './prepare.ts';

type Command = readonly [string, ...string[]];

type Suite = {
  /** Which files are its tests, seen from here. */
  readonly tests: string;
  /** Makes what the tests run on, runs them there by the command that files are added to, and resolves with its exit code. */
  readonly run: (command: Command, files: readonly string[]) => Promise<number>;
};

/** These measure time, or counts under load: beside them nothing runs. */
const measuring = new Set(['changing-backends', 'propagation', 'shared-limit']);

/** These take longest and begin first, so that none of them is left over at the end. */
const longest = [
  'supported-features',
  'killed-at-any-moment',
  'controllers-die',
  'provisioning',
  'release',
  'ports',
  'guide',
  'crds',
];

/** This computes all the time, and measures none: it may run beside what mostly waits. */
const computing = new Set(['soak']);

const atOnce = 2;

/** Some of the files: resolves with the exit code. */
type Part = Suite['run'];

const suites: Readonly<Record<string, Suite>> = {
  /** Both planes as processes, and the chart's objects, against a real API server. */
  planes: planes(together, oneByOne(measuring), oneByOne(computing)),
  /** Those of them that may run beside something else, and the others. */
  'planes-beside': planes(together),
  'planes-alone': planes(oneByOne(measuring)),
  'planes-soak': planes(oneByOne(computing)),
  /** The harness itself: its tests bring clusters up and down. */
  cluster: {
    tests: 'cluster/*.test.ts',
    run: async (command, files) => {
      await prepareCluster();
      // Each has clusters of its own.
      return runHere([...command, '--test-concurrency=2'], files);
    },
  },
  /** The engine's protocols by outside programs: h2spec, gRPC's interoperability tests. */
  engine: {
    tests: 'engine/*.test.ts',
    run: async (command, files) => {
      await prepareEngine();
      return runHere(command, files);
    },
  },
  /** What a person's browser does at a login. */
  browser: {
    tests: 'browser/*.test.ts',
    run: async (command, files) => {
      await prepareBrowser();
      // Each has a browser and ports of its own.
      return runHere([...command, '--test-concurrency=2'], files);
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

function planes(...parts: readonly Part[]): Suite {
  return {
    tests: '{planes/**/,charts/,}*.test.ts',
    run: async (command, files) => {
      await prepare();
      const codes: number[] = [];
      for (const part of parts) codes.push(await part(command, files));
      return firstFailure(codes);
    },
  };
}

/**
 * The files that measure nothing, some at once, each in a namespace of its own as all take the same addresses. What a file
 * says is held back until it has ended, unless there is but one.
 */
async function together(command: Command, files: readonly string[]): Promise<number> {
  const waiting = files.filter((file) => !measuring.has(nameOf(file)) && !computing.has(nameOf(file)));
  waiting.sort((one, other) => rank(one) - rank(other));
  const run = waiting.length === 1 ? runInNamespace : runHeldBack;
  const codes: number[] = [];
  const runNext = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      codes.push(await run([...command, file]));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runNext));
  return firstFailure(codes);
}

/** Those of them that are files of these names, one after the other. */
function oneByOne(names: ReadonlySet<string>): Part {
  return async (command, files) => {
    const codes: number[] = [];
    for (const file of files)
      if (names.has(nameOf(file))) codes.push(await runInNamespace([...command, file]));
    return firstFailure(codes);
  };
}

function firstFailure(codes: readonly number[]): number {
  return codes.find((code) => code !== 0) ?? 0;
}

function nameOf(file: string): string {
  return path.basename(file, '.test.ts');
}

function rank(file: string): number {
  const at = longest.indexOf(nameOf(file));
  return at < 0 ? longest.length : at;
}

async function runHeldBack(command: readonly string[]): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-e2e-'));
  const said = path.join(folder, 'output');
  const output = await open(said, 'w');
  try {
    const code = await runInNamespace(command, output.fd);
    process.stdout.write(await readFile(said));
    return code;
  } finally {
    await output.close();
    await rm(folder, { recursive: true });
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
