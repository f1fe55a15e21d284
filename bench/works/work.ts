import type { Backends } from '../backends/backends.ts';
import type { Cores } from '../ground.ts';
import type { Front, Peer, RunningPeer } from '../peers/peer.ts';
import { busyMicros, cpuMicros } from '../process-cost.ts';
import type { LoadResult } from '../loads/load.ts';

/** One kind of load that peers are put under in turn, and what is wanted of it. */
export interface Work {
  /** For the command line. */
  readonly name: string;
  readonly title: string;
  /** What is measured of each peer: less is better. */
  readonly figure: { readonly name: string; readonly unit: string };
  readonly front: Front;
  readonly backend: Exclude<keyof Backends, 'stop'>;
  readonly peers: readonly Peer[];
  /** Names of peers to whose figures of the same round all others are set in relation. */
  readonly references: readonly string[];
  readonly goals: readonly Goal[];
  readonly pace: Pace;
  measure(run: Run): Promise<Measurement>;
}

/** What Turnpike's figure must be at most, and shall be: times the figure of `to`, or the figure itself when `to` is null. */
export interface Goal {
  readonly peer: string;
  readonly to: string | null;
  readonly must: number;
  readonly aim: number | null;
}

/** As many rounds as are asked for, or fewer that are longer; `Afresh`: each run has a process of its own, as what it leaves would be measured again. */
export interface Pace {
  /** For how long each peer is loaded before the first round. */
  readonly warmUpSeconds: number;
  readonly roundsMax: number;
  readonly secondsMin: number;
  readonly processes: 'Kept' | 'Afresh';
}

/** One run of a work against one peer. */
export interface Run {
  readonly peer: RunningPeer;
  readonly port: number;
  readonly cores: Cores;
  readonly seconds: number;
  readonly folder: string;
}

/** What a run measured. */
export interface Measurement extends LoadResult {
  /** The work's figure. */
  readonly value: number;
  /** The share of the measured processor that others took meanwhile, 0 to 1: over a few hundredths the run is noisy. Null where it does not matter. */
  readonly foreign: number | null;
  /** Other figures of this run, by name. */
  readonly beside?: Readonly<Record<string, number>>;
}

/** The pace of works that need nothing special. */
export const usualPace: Pace = { warmUpSeconds: 2, roundsMax: 1000, secondsMin: 1, processes: 'Kept' };

/** Runs a load and divides the peer's CPU time meanwhile by what was done. */
export async function cpuEach(run: Run, load: () => Promise<LoadResult>): Promise<Measurement> {
  const { peer, cores } = run;
  const beganMs = performance.now();
  const [before, busyBefore] = [cpuMicros(peer.pid), busyMicros(cores.measured)];
  const result = await load();
  const used = cpuMicros(peer.pid) - before;
  const foreignMicros = busyMicros(cores.measured) - busyBefore - used;
  const foreign = Math.max(0, foreignMicros / ((performance.now() - beganMs) * 1000));
  return { ...result, value: used / result.done, foreign };
}
