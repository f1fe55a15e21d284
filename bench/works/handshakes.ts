// Works of TLS handshakes, each on a connection of its own with one small GET.
import { allPeers } from '../peers/catalog.ts';
import { runProgram } from '../loads/load.ts';
import type { LoadResult } from '../loads/load.ts';
import { cpuEach, usualPace } from './work.ts';
import type { Work } from './work.ts';

const usual = {
  figure: { name: 'CPU a connection', unit: 'µs' },
  front: 'Tls',
  backend: 'answers',
  peers: allPeers,
  references: ['nginx'],
  pace: usualPace,
} as const;

function shaken(kind: 'full' | 'resumed'): Work['measure'] {
  return (run) => {
    const words = [String(run.port), String(run.seconds), kind];
    return cpuEach(run, () => runProgram<LoadResult>(run.cores, 'handshakes-program.ts', words, run.seconds));
  };
}

/** Whole handshakes. */
export const handshakes: Work = {
  ...usual,
  name: 'handshakes',
  title: 'TLS 1.3, a full handshake (P-256, X25519) and one small GET',
  goals: [{ peer: 'Turnpike', to: 'nginx', must: 1.8, aim: 1.4 }],
  measure: shaken('full'),
};

/** Resumed ones. */
export const resumptions: Work = {
  ...usual,
  name: 'resumptions',
  title: 'TLS 1.3, a resumed handshake (ticket, X25519) and one small GET',
  goals: [],
  measure: shaken('resumed'),
};
