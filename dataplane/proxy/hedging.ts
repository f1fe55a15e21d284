import { Wait } from './wait.ts';
import type { TimeWatch } from './allowed-time.ts';
import type { Attempt } from './attempt.ts';
import type { Hedge } from '#snapshot/route.ts';

/** Begins an attempt beside those that run; null when there is nowhere to go, or nothing left for it. */
export type Rival = (running: readonly Attempt[]) => Attempt | null;

/** Attempts of one request that run side by side: after a while without an answer a further one begins. */
export class Hedging {
  readonly #hedge: Hedge;
  readonly #watch: TimeWatch;
  readonly #rival: Rival;
  #running: readonly Attempt[] = [];
  #begun = 0;
  #timer: Wait | null = null;

  constructor(hedge: Hedge, watch: TimeWatch, rival: Rival) {
    this.#hedge = hedge;
    this.#watch = watch;
    this.#rival = rival;
  }

  /** One attempt has sent the whole request. */
  sent(attempt: Attempt): void {
    if (!this.#running.includes(attempt)) this.#running = [...this.#running, attempt];
    this.#arm();
  }

  /** One is answered: the others are given up, which says nothing of their endpoints. */
  won(winner: Attempt): void {
    const losers = this.#running.filter((attempt) => attempt !== winner);
    this.end();
    for (const loser of losers) loser.abort(null);
  }

  /** One has failed. Another that still runs, or null. */
  lost(attempt: Attempt): Attempt | null {
    this.#running = this.#running.filter((other) => other !== attempt);
    return this.#running.at(-1) ?? null;
  }

  /** Gives up all of them. */
  abort(): void {
    const running = this.#running;
    this.end();
    for (const attempt of running) attempt.abort(null);
  }

  /** No further one begins. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#running = [];
  }

  #arm(): void {
    if (this.#timer !== null || this.#begun >= this.#hedge.attemptsMax) return;
    this.#timer = new Wait(this.#watch, this.#hedge.afterMs, () => this.#more());
  }

  #more(): void {
    this.#timer = null;
    if (this.#running.length === 0) return;
    this.#begun += 1;
    const attempt = this.#rival(this.#running);
    if (attempt !== null) this.sent(attempt);
  }
}
