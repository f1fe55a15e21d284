import { spread } from '../statistics.ts';
import type { Spread } from '../statistics.ts';
import type { PeerResult, WorkResult } from './results.ts';

/** The spread of a peer's figure in relation to that of another in the same round; null when one of them has none. */
export function ratio(work: WorkResult, name: string, to: string): Spread | null {
  const [own, other] = [runsOf(work, name), runsOf(work, to)];
  if (own.length === 0 || other.length !== own.length) return null;
  return spread(own.map((run, round) => run.value / (other[round]?.value ?? Number.NaN)));
}

/** The spread of a peer's figure; null when there is none. */
export function figureOf(peer: PeerResult): Spread | null {
  return 'runs' in peer && peer.runs.length > 0 ? spread(peer.runs.map((run) => run.value)) : null;
}

function runsOf(work: WorkResult, name: string): Extract<PeerResult, { runs: unknown }>['runs'] {
  const peer = work.peers.find((one) => one.name === name);
  return peer !== undefined && 'runs' in peer ? peer.runs : [];
}
