import type { ActiveCheck } from './active-check.ts';

/** How a request at an endpoint ended. `Broken`: the connection, before the answer was whole. */
export type Outcome = 'Answered' | 'ServerError' | 'ConnectFailed' | 'Broken' | 'TimedOut';

/** Whose health it is: hears the word on it where it is read, at each pick. */
export interface Judged {
  healthy: boolean;
}

/**
 * What is known of how one endpoint fares. The outlier detector counts here and ejects; its checks say what they
 * found; {@link judge} makes one word of both.
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
  /** Whether it is one of those that its detector counts: requests end after an endpoint has left, too. */
  isCounted = false;

  readonly #check: ActiveCheck | null;
  readonly #of: Judged | null;

  /**
   * `check`: what is found by asking it; null when it is not asked.
   *
   * Hot path: `of` is told, so that a pick reads one object of each endpoint and not two.
   */
  constructor(check: ActiveCheck | null, of: Judged | null = null) {
    this.#check = check;
    this.#of = of;
    if (of !== null) of.healthy = true;
  }

  /** To be called when it was ejected, came back, or a check changed its mind. */
  judge(): void {
    this.healthy = this.ejectedUntilMs === 0 && this.#check?.healthy !== false;
    if (this.#of !== null) this.#of.healthy = this.healthy;
  }
}
