import type { ActiveCheck } from './active-check.ts';

/** How a request at an endpoint ended. `Broken`: the connection, before the answer was whole. */
export type Outcome = 'Answered' | 'ServerError' | 'ConnectFailed' | 'Broken' | 'TimedOut';

/**
 * What is known of how one endpoint fares. The outlier detector counts here and ejects; its checks say what they
 * found; whoever picks reads `healthy`.
 */
export class EndpointHealth {
  /** Neither ejected nor failing its checks. */
  healthy = true;
  /** Monotonic milliseconds; 0 while it is not ejected. */
  ejectedUntilMs = 0;
  /** How often it was ejected of late: each time in a row is longer. */
  ejections = 0;
  failuresInRow = 0;
  /** Answers of 5xx and failures. */
  errorsInRow = 0;
  /** Of the present interval. */
  requests = 0;
  successes = 0;

  readonly #check: ActiveCheck | null;

  /** `check`: what is found by asking it; null when it is not asked. */
  constructor(check: ActiveCheck | null) {
    this.#check = check;
  }

  /** To be called when it was ejected, came back, or a check changed its mind. */
  judge(): void {
    this.healthy = this.ejectedUntilMs === 0 && this.#check?.healthy !== false;
  }
}
