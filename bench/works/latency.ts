import { runProgram } from '../loads/load.ts';
import type { LoadResult } from '../loads/load.ts';
import { allPeers } from '../peers/catalog.ts';
import { cpuEach } from './work.ts';
import type { Work } from './work.ts';

const perSecond = 4000;

interface Latency extends LoadResult {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Latency at a rate that no peer is busy with. */
export const latency: Work = {
  name: 'latency',
  title: `HTTP/1.1, small GET, ${perSecond} a second over 64 connections whether answers come or not`,
  figure: { name: '99 of 100 answers within', unit: 'µs' },
  front: 'Http1',
  backend: 'answers',
  peers: allPeers,
  references: ['HAProxy'],
  goals: [{ peer: 'Turnpike', to: 'HAProxy', must: 1.6, aim: 1.1 }],
  // compilers at work are told of in docs/performance.md; what is compared here are proxies that have run for a while
  pace: { warmUpSeconds: 20, roundsMax: 3, secondsMin: 10, processes: 'Kept' },
  measure: async (run) => {
    let seen: Latency | null = null;
    const words = [String(run.port), String(run.seconds), String(perSecond), ...run.peer.fields];
    const cost = await cpuEach(run, async () => {
      seen = await runProgram<Latency>(run.cores, 'fixed-rate-program.ts', words, run.seconds);
      return seen;
    });
    const { p50, p99, p999 } = seen ?? { p50: Number.NaN, p99: Number.NaN, p999: Number.NaN };
    const { done, failed, foreign } = cost;
    const beside = { 'p50 µs': p50, 'p99.9 µs': p999, 'CPU µs a request': cost.value };
    return { value: p99, done, failed, perSecond: cost.perSecond, foreign, beside };
  },
};
