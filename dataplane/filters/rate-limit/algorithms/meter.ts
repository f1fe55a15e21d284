import type { Counters } from './counters.ts';

/**
 * How one limit of a rule counts: by one algorithm, in this process and in the script of the store alike. A `level` is
 * what the counter of the key stands at, in a unit of the algorithm's own. `share` is N where each of N data planes
 * grants its part of the limit. All times are milliseconds of the monotonic clock. What is asked with a level is asked of
 * the key whose level was asked last. A request takes one unit, unless its rule has a cost.
 * Where that is charged when the answer has ended, a counter may stand beyond what fits: its debt, `debtMax` at most.
 *
 * Hot path: asked for each request, by numbers alone, so that nothing is allocated.
 */
export interface Meter {
  /** The limit's. */
  readonly name: string;
  /** Where the store counts for a key of `rule`, after what tells rule and key: a limit has one for each algorithm. */
  readonly place: string;
  /** After so long without a request nothing counts any more that came before. */
  readonly overMs: number;
  /** What the counter of the key stands at now. */
  level(counters: Counters, share: number, now: number): number;
  /** Until so many more units fit above `level`; 0 when they fit now. */
  waitMs(level: number, units: number, share: number, now: number): number;
  /** Counts the units of `counters` above `level`, never more than what fits and may be owed, and returns the new level. */
  charge(counters: Counters, level: number, share: number, now: number): number;
  /** How long a request waits before it goes on: its `units`, with those of later ones, have brought the counter to `level`. */
  delayMs(level: number, units: number, share: number): number;
  /** Lets no counter stand lower than at so many units. */
  raise(counters: Counters, units: number, share: number, now: number): void;
  /** Units that `level` stands for. */
  used(level: number, share: number): number;
  /** Units that fit where nothing has been counted. */
  capacity(share: number): number;
  /** Until all of them fit again. */
  fullMs(level: number, share: number, now: number): number;
  /** Units that fit since `thenMs` because time has passed. */
  regained(thenMs: number, now: number): number;
  /** The largest lease of one of `fleet` data planes, in units; 0: the store must be asked for each. */
  leaseMax(fleet: number): number;
  /** How long a lease can be used at most, of which the store said that all of the limit is there again after `fullMs`. */
  leaseEndMs(fullMs: number): number;
  /** Whether what has been used up comes back bit by bit, and not all at once. */
  readonly refillsEvenly: boolean;
  /** Appends what the script reads of this limit, its code first; `owed` was admitted unknown to the store. */
  tell(values: number[], owed: number, now: number): void;
}

/** Smaller windows are counted one by one. */
const windowLeasedMin = 200;

/** The largest lease of one of `fleet` data planes in a window of so many units: none of a small one. */
export function windowLeaseMax(requests: number, fleet: number): number {
  const max = Math.floor(requests / fleet / 10);
  return requests < windowLeasedMin || max < 2 ? 0 : max;
}

/** Of `count` units, those that one of `share` data planes may let pass: at least one. */
export function partOf(count: number, share: number): number {
  return Math.max(1, Math.floor(count / share));
}

/** Of a debt, what one of `share` data planes may leave. */
export function partOfDebt(debtMax: number, share: number): number {
  return Math.floor(debtMax / share);
}

/** What adding up floating numbers may be off by, in units, before one is refused for it. */
export const tolerance = 1e-3;
