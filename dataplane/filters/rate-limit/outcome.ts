/**
 * What a limiter says of one request. `remaining` and `resetMs` stand in the order of the rule's meters.
 *
 * Hot path: limiters that answer at once fill and return the same object again and again; read it before the
 * next request.
 */
export interface Outcome {
  verdict: 'Admitted' | 'Refused' | 'Unknown';
  /** Until the next request would pass; 0 when admitted. */
  waitMs: number;
  /** How long the request must wait before it goes on; 0 when it was not admitted. */
  delayMs: number;
  /** Of how many parts of the limits this one tells: 1 where it is all of them. */
  share: number;
  /** Requests that would pass now, by limit. */
  readonly remaining: number[];
  /** By limit: until all of the burst is there again, or until the next request would pass while none would. */
  readonly resetMs: number[];
}

/** An outcome that stays as it is now. */
export function copyOf(outcome: Outcome): Outcome {
  return { ...outcome, remaining: [...outcome.remaining], resetMs: [...outcome.resetMs] };
}

/** An outcome to be filled; `Unknown` says that no counters could be asked. */
export function emptyOutcome(): Outcome {
  return { verdict: 'Unknown', waitMs: 0, delayMs: 0, share: 1, remaining: [], resetMs: [] };
}
