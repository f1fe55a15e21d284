import { benchHost } from '../certificate.ts';
import type { Cores } from '../ground.ts';
import { clientFields, runPinned } from './load.ts';
import type { LoadResult } from './load.ts';

/** A load of HTTP/2 without TLS over 8 connections with 8 streams each, as fast as answers come. */
export interface H2Load {
  readonly port: number;
  readonly path: string;
  readonly fields: readonly string[];
  readonly seconds: number;
  /** A file with the content of each request; null for GET. */
  readonly content: string | null;
}

/** Runs h2load of nghttp2, one thread. */
export async function h2load(cores: Cores, load: H2Load): Promise<LoadResult> {
  const { port, path, fields, seconds, content } = load;
  const lines = [`:authority: ${benchHost}`, ...clientFields, ...fields];
  const command = [
    'h2load',
    '-t1',
    '-c8',
    '-m8',
    `-D${seconds}`,
    ...lines.flatMap((field) => ['-H', field]),
    ...(content === null ? [] : ['-d', content]),
    `http://127.0.0.1:${port}${path}`,
  ];
  const said = await runPinned(cores, command, seconds);
  const counts =
    /(\d+) total, .*?(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(said);
  const [, , , succeeded = 0, failed = 0, errored = 0] = (counts ?? []).map(Number);
  return {
    done: succeeded,
    failed: failed + errored,
    perSecond: Number(/, ([\d.]+) req\/s/.exec(said)?.[1] ?? 0),
  };
}
