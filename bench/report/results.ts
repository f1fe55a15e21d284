import type { Goal, Measurement, Work } from '../works/work.ts';

/** What a run of the bench writes as JSON: all figures of all rounds. */
export interface Results {
  readonly machine: string;
  readonly works: Readonly<Record<string, WorkResult>>;
  readonly costs: readonly CostResult[];
}

/** One work. */
export interface WorkResult {
  readonly title: string;
  readonly figure: Work['figure'];
  readonly measuredAt: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly references: readonly string[];
  readonly goals: readonly Goal[];
  readonly peers: readonly PeerResult[];
}

/** One peer in a work: its runs, one a round, or why there are none. */
export type PeerResult =
  | { readonly name: string; readonly version: string; readonly runs: readonly Measurement[] }
  | { readonly name: string; readonly version: string; readonly lacking: string };

/** What one step of Turnpike's costs as the number of things grows. */
export interface CostResult {
  readonly title: string;
  readonly measuredAt: string;
  /** Nanoseconds each, least of all rounds, by the number of things. */
  readonly nanos: Readonly<Record<string, number>>;
  /** The dearest may be so many times the cheapest. */
  readonly must: number;
}

/** `before` with the works of `now` in place of its own. */
export function merged(before: Results | null, now: Results): Results {
  if (before === null) return now;
  return {
    machine: now.machine,
    works: { ...before.works, ...now.works },
    costs: now.costs.length > 0 ? now.costs : before.costs,
  };
}
