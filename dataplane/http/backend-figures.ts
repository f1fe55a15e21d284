/** How one cluster fares, as operators see it: what is now, and what has happened since it is there. */
export interface BackendFigures {
  /** Its name: a label, which clusters with settings of several policies share. */
  readonly cluster: string;
  /** Connections now; `open` counts idle ones too. */
  readonly open: number;
  readonly idle: number;
  /** Connections so far, and attempts at one that failed. */
  readonly opened: number;
  readonly unconnected: number;
  /** Endpoints now; `failing`: their checks. */
  readonly endpoints: { readonly healthy: number; readonly ejected: number; readonly failing: number };
  /** What the circuit breaker bounds: how much there is now, and how often there was as much as may be. */
  readonly breakers: readonly {
    readonly what: 'Connection' | 'Pending' | 'Request' | 'Retry';
    readonly held: number;
    readonly refused: number;
  }[];
  /** Retries for which the budget had nothing left. */
  readonly overBudget: number;
  readonly counts: BackendCounts;
}

/** What has happened at one cluster so far. */
export interface BackendCounts {
  /** Attempts after a failed one, at other endpoints or the same. */
  readonly retries: number;
  /** Attempts beside one that was not answered yet. */
  readonly hedges: number;
  readonly mirrors: number;
  /** Copies that were not made, or given up since the mirror did not keep up. */
  readonly mirrorsDropped: number;
  readonly ejections: number;
  readonly checksPassed: number;
  readonly checksFailed: number;
}
