import type { Meter } from './algorithms/meter.ts';

/** Counters that are asked for in one call. */
export const asksMax = 128;

/** Most requests that wait at a time for what a store answers; those beyond are decided without it. */
export const waitingMax = 20_000;

/** One counter (a rule with one key value) and what is asked of it. */
export interface Ask {
  /** Where each limit of the rule counts, in their order. */
  readonly keys: readonly string[];
  readonly meters: readonly Meter[];
  /** What one request takes. */
  readonly units: number;
  /** What the requests take that wait for the answer. */
  readonly need: number;
  /** `need` and what is wished for a lease; negative to give tokens back. */
  readonly want: number;
  /** By the store's clock: when it granted what is given back; 0 else. */
  readonly since: number;
  /** By limit: what was admitted while the store could not be asked, or is owed for answers; charged first. */
  readonly owed: readonly number[];
}

/** The answer to one {@link Ask}. */
export interface Grant {
  /** 0 to `want`; what goes beyond `need` is a lease. */
  readonly granted: number;
  /** When, by the store's clock. */
  readonly at: number;
  /** Until one more request would be granted; 0 when it would be now. */
  readonly waitMs: number;
  /** By limit: tokens left, and until all are there again. */
  readonly remaining: readonly number[];
  readonly fullMs: readonly number[];
}

/** Counters that all data planes share. */
export interface CounterStore {
  /** False while asking would be in vain: callers then decide by themselves, at no cost. */
  readonly available: boolean;
  /**
   * The grants in the order of the asks, null where there was no answer in time. Never rejects. What an answer that
   * comes too late granted is given back.
   */
  ask(asks: readonly Ask[], fleet: number): Promise<readonly (Grant | null)[]>;
  close(): Promise<void>;
}
