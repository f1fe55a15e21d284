import { runProgram } from '../loads/load.ts';
import type { LoadResult } from '../loads/load.ts';
import { allPeers } from '../peers/catalog.ts';
import { cpuEach, usualPace } from './work.ts';
import type { Work } from './work.ts';

/** Messages of WebSockets: one there and one back count as one. */
export const messages: Work = {
  name: 'messages',
  title: 'WebSocket, a message of 1 KB and one back, 64 connections',
  figure: { name: 'CPU a message and answer', unit: 'µs' },
  front: 'Http1',
  backend: 'taking',
  peers: allPeers,
  references: ['nginx'],
  goals: [{ peer: 'Turnpike', to: 'nginx', must: 1.3, aim: 1.1 }],
  pace: usualPace,
  measure: (run) => {
    const words = [String(run.port), String(run.seconds)];
    return cpuEach(run, () => runProgram<LoadResult>(run.cores, 'messages-program.ts', words, run.seconds));
  },
};
