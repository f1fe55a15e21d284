/**
 * The Gateway API's conformance suite and the backend it asks for, compiled from their published Go modules, which
 * suite/go.mod names with their versions and suite/go.sum with their hashes. Knows how to build them, not how to run them.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cached } from '../cluster/cache-folder.ts';
import { outputOf } from '../cluster/command.ts';
import { findGo } from '../cluster/go.ts';
import type { Go } from '../cluster/go.ts';

/** Paths of the programs. */
export interface ConformancePrograms {
  /** A compiled test: it takes the flags of the suite, and those of `go test` as `-test.NAME`. */
  readonly suite: string;
  /** The backend of all its tests: static, and knows from its environment which protocol to speak. */
  readonly echo: string;
}

const source = path.join(import.meta.dirname, 'suite');

/** The suite asks for this one itself. */
const goAtLeast = '1.27';

const echoPackage = 'sigs.k8s.io/gateway-api-conformance-images/echo-basic';
const compileDeadlineMs = 1_800_000;

/** The programs, compiled when the cache does not have them: three minutes on two cores, once. */
export async function conformancePrograms(): Promise<ConformancePrograms> {
  const files = ['go.mod', 'go.sum', 'conformance_test.go'].map((name) => path.join(source, name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const digest = createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 12);
  const name = `conformance-${suiteVersion(texts[0] ?? '')}-${os.platform()}-${os.arch()}-${digest}`;
  const folder = await cached(name, async (draft) => {
    const go = await findGo(goAtLeast);
    await compile(go, 'conformance suite', ['test', '-c', '-o', path.join(draft, 'suite'), '.']);
    await compile(go, 'its backend', ['build', '-o', path.join(draft, 'echo-basic'), echoPackage]);
  });
  return { suite: path.join(folder, 'suite'), echo: path.join(folder, 'echo-basic') };
}

/** The release of the suite that suite/go.mod requires, such as `v1.7.0`. */
export async function conformanceVersion(): Promise<string> {
  return suiteVersion(await readFile(path.join(source, 'go.mod'), 'utf8'));
}

function suiteVersion(goMod: string): string {
  const version = /sigs\.k8s\.io\/gateway-api\/conformance (v\S+)/.exec(goMod)?.[1];
  if (version === undefined) throw new Error('suite/go.mod does not require the suite');
  return version;
}

async function compile(go: Go, what: string, words: readonly string[]): Promise<void> {
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1000);
  console.log(`${what}: compiling with Go ${go.version}`);
  const progress = setInterval(() => console.log(`${what}: still compiling, ${seconds()} s`), 20_000);
  const [command = '', ...rest] = words;
  try {
    await outputOf(
      go.program,
      [command, '-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags=-s -w', ...rest],
      { cwd: source, env: go.env, deadlineMs: compileDeadlineMs },
    );
  } finally {
    clearInterval(progress);
  }
  console.log(`${what}: built in ${seconds()} s`);
}
