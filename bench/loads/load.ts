import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Cores } from '../ground.ts';

const run = promisify(execFile);

/** What one run of a load saw. */
export interface LoadResult {
  /** Requests, handshakes, messages: what the work counts. */
  readonly done: number;
  /** Answers that were not as they must be, and broken connections. */
  readonly failed: number;
  readonly perSecond: number;
}

/** What an API's client sends beside Host. */
export const clientFields = [
  'User-Agent: bench/1.0 (linux)',
  'Accept: application/json, */*;q=0.8',
  'Accept-Encoding: gzip, br',
  'X-Request-Id: 7f3a2c1e-5b6d-4e8f-9a0b-1c2d3e4f5a6b',
];

/** Runs a program on the processor of the load, to its end; resolves with what it said. */
export async function runPinned(cores: Cores, command: readonly string[], seconds: number): Promise<string> {
  const timeout = seconds * 1000 + 30_000;
  const { stdout } = await run('taskset', ['-c', String(cores.load), ...command], { timeout });
  return stdout;
}

/** Runs a program of this folder and reads the line of JSON that it ends with. */
export async function runProgram<T>(
  cores: Cores,
  program: string,
  words: readonly string[],
  seconds: number,
): Promise<T> {
  const file = path.join(import.meta.dirname, program);
  const said = await runPinned(
    cores,
    [process.execPath, '--disable-warning=ExperimentalWarning', file, ...words],
    seconds,
  );
  return JSON.parse(said.trim().split('\n').at(-1) ?? '') as T;
}
