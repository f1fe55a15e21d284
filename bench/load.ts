import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Cores, Peer } from './peers/peer.ts';

const run = promisify(execFile);

/** What one run of the load saw. */
export interface LoadResult {
  readonly requests: number;
  /** Answers other than 2xx and 3xx, and broken connections. */
  readonly failed: number;
  readonly requestsPerSecond: number;
  /** CPU time of the peer and its children in microseconds a request, user and system. */
  readonly cpuMicros: number;
}

const ticksPerSecond = 100;

/** CPU ticks that the process and the children it has now have used so far (proc(5): utime + stime). */
function cpuTicks(pid: number): number {
  const own = (id: number | string): number => {
    const fields = readFileSync(`/proc/${id}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return children.filter((id) => id !== '').reduce((sum, id) => sum + own(id), own(pid));
}

/** What an API's client sends beside Host. */
const clientFields = [
  'User-Agent: bench/1.0 (linux)',
  'Accept: application/json, */*;q=0.8',
  'Accept-Encoding: gzip, br',
  'Connection: keep-alive',
  'X-Request-Id: 7f3a2c1e-5b6d-4e8f-9a0b-1c2d3e4f5a6b',
];

/** Loads the peer with small GETs over 64 keep-alive connections from the load's processor. */
export async function load(peer: Peer, cores: Cores, seconds: number): Promise<LoadResult> {
  const fields = [...clientFields, ...peer.fields];
  const before = cpuTicks(peer.pid);
  const { stdout } = await run('taskset', [
    '-c',
    String(cores.load),
    'wrk',
    '-t1',
    '-c64',
    `-d${seconds}s`,
    ...fields.flatMap((field) => ['-H', field]),
    `http://127.0.0.1:${peer.port}/bench/small?x=1`,
  ]);
  const used = cpuTicks(peer.pid) - before;
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
  const bad = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout);
  const broken = errors === null ? 0 : errors.slice(1).reduce((sum, text) => sum + Number(text), 0);
  return {
    requests,
    failed: bad + broken,
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0),
    cpuMicros: (used / ticksPerSecond / requests) * 1e6,
  };
}
