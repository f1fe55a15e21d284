// Memory that connections cost which do nothing.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { h2load } from '../loads/h2load.ts';
import { wrk } from '../loads/wrk.ts';
import { allPeers } from '../peers/catalog.ts';
import { residentBytes } from '../process-cost.ts';
import type { LoadResult } from '../loads/load.ts';
import type { Measurement, Run, Work } from './work.ts';

const wanted = 20_000;
/** In which a peer gives back what it held for the load before. */
const restMs = 3000;

const usual = {
  figure: { name: 'memory a connection', unit: 'KiB' },
  backend: 'answers',
  peers: allPeers,
  references: ['nginx'],
  goals: [{ peer: 'Turnpike', to: null, must: 8, aim: 5 }],
  pace: { warmUpSeconds: 2, roundsMax: 3, secondsMin: 1, processes: 'Afresh' },
} as const;

/** Resident memory of the peer for each of 20,000 connections, kernel's memory apart. */
export const idle: Work = {
  ...usual,
  name: 'idle',
  title: `HTTP/1.1, memory for each of up to ${wanted} connections that are kept and silent`,
  front: 'Http1',
  measure: (run) =>
    memoryOf(run, 'http1', () => {
      const url = `http://127.0.0.1:${run.port}${path}`;
      return wrk(run.cores, { url, fields: run.peer.fields, seconds: 2, uploads: false });
    }),
};

/** The same of HTTP/2, in the clear. */
export const idleHttp2: Work = {
  ...usual,
  name: 'idle2',
  title: `HTTP/2, memory for each of up to ${wanted} connections that are kept and silent`,
  front: 'Http2',
  measure: (run) =>
    memoryOf(run, 'http2', () =>
      h2load(run.cores, { port: run.port, path, fields: run.peer.fields, seconds: 2, content: null }),
    ),
};

const path = '/bench/small';

async function memoryOf(run: Run, protocol: Protocol, load: () => Promise<LoadResult>): Promise<Measurement> {
  // The base is a process that has worked: what its heap grew to is not the connections'.
  await load();
  await pause(restMs);
  const before = residentBytes(run.peer.pid);
  const holders = [hold(run, protocol, 1), hold(run, protocol, 11)];
  try {
    const counts = await Promise.all(holders.map(openedBy));
    await pause(restMs);
    const done = counts.reduce((sum, count) => sum + count, 0);
    const bytes = residentBytes(run.peer.pid) - before;
    const beside = { 'base MiB': before / 1_048_576 };
    return { value: bytes / 1024 / done, done, failed: each * 2 - done, perSecond: 0, foreign: null, beside };
  } finally {
    await Promise.all(holders.map(release));
  }
}

type Protocol = 'http1' | 'http2';

/** Each of two holders: what a process may open here bounds the peer too, which needs some for itself. */
const each = Math.min(wanted, filesMax() - 500) / 2;

function filesMax(): number {
  const limit = process.report.getReport() as { userLimits?: { open_files?: { soft: number | string } } };
  const soft = limit.userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : wanted * 2;
}

function hold(run: Run, protocol: Protocol, firstHost: number): ChildProcess {
  const program = join(import.meta.dirname, '../loads/idle-program.ts');
  const words = [program, String(run.port), String(each), String(firstHost), protocol];
  return spawn('taskset', ['-c', String(run.cores.load), process.execPath, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function openedBy(holder: ChildProcess): Promise<number> {
  if (holder.stdout === null) return 0;
  for await (const line of createInterface(holder.stdout)) return Number(line.replace('open ', ''));
  return 0;
}

async function release(holder: ChildProcess): Promise<void> {
  if (holder.exitCode !== null) return;
  const gone = once(holder, 'exit');
  holder.stdin?.end();
  await gone;
}
