import path from 'node:path';
import { benchHost } from '../certificate.ts';
import type { Cores } from '../ground.ts';
import { clientFields, runPinned } from './load.ts';
import type { LoadResult } from './load.ts';

/** A load of HTTP/1.1 over 64 keep-alive connections, as fast as answers come. */
export interface WrkLoad {
  readonly url: string;
  readonly fields: readonly string[];
  readonly seconds: number;
  /** Sends 64 KB of content with each. */
  readonly uploads: boolean;
}

/** Runs wrk, one thread. */
export async function wrk(cores: Cores, { url, fields, seconds, uploads }: WrkLoad): Promise<LoadResult> {
  const lines = [`Host: ${benchHost}`, ...clientFields, 'Connection: keep-alive', ...fields];
  const command = [
    'wrk',
    '-t1',
    '-c64',
    `-d${seconds}s`,
    ...lines.flatMap((field) => ['-H', field]),
    ...(uploads ? ['-s', path.join(import.meta.dirname, 'upload.lua')] : []),
    url,
  ];
  const said = await runPinned(cores, command, seconds);
  const bad = Number(/Non-2xx or 3xx responses: (\d+)/.exec(said)?.[1] ?? 0);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(said);
  const broken = errors === null ? 0 : errors.slice(1).reduce((sum, text) => sum + Number(text), 0);
  return {
    done: Number(/(\d+) requests in/.exec(said)?.[1] ?? 0) - bad,
    failed: bad + broken,
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1] ?? 0),
  };
}
