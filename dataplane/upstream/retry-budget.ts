import type { RetryBudget as BudgetTerms } from '#snapshot/cluster.ts';

/** The interval moves on in so many steps. */
const stepsPerInterval = 10;

/**
 * How many retries a cluster may get (GEP-3388): as many percent of the requests of the last interval, and so many a
 * second in any case, of which an interval's worth may come at once: where few ask, each of a few failures has its
 * retries. What else fails then is not made worse by asking again.
 *
 * Hot path: a request costs one addition; time is looked at by the sweep and by retries only.
 */
export class RetryBudget {
  #terms: BudgetTerms;
  /** Requests and retries of the last steps; the present step is where `#step` says. */
  readonly #requests = new Float64Array(stepsPerInterval);
  readonly #retries = new Float64Array(stepsPerInterval);
  #step = 0;
  #stepBeganMs: number;
  #requestsNow = 0;
  /** Retries that could not be had, so far. */
  exhausted = 0;
  /** Retries that may be had beside the percentage. */
  #spare: number;
  #spareMs: number;

  constructor(terms: BudgetTerms, nowMs: number) {
    this.#terms = terms;
    this.#stepBeganMs = nowMs;
    this.#spare = spareMax(terms);
    this.#spareMs = nowMs;
  }

  /** Other terms from now on; what has been counted counts on. */
  update(terms: BudgetTerms): void {
    this.#terms = terms;
  }

  /** A request begins (not a retry). */
  began(): void {
    this.#requestsNow += 1;
  }

  /** Whether a request may be sent once more; counts it when it may. */
  mayRetry(nowMs: number): boolean {
    this.sweep(nowMs);
    const retries = sum(this.#retries);
    const requests = sum(this.#requests) + this.#requestsNow;
    if ((retries + 1) * 100 > requests * this.#terms.percent) {
      if (this.#spare < 1) {
        this.exhausted += 1;
        return false;
      }
      this.#spare -= 1;
    }
    this.#retries[this.#step] = (this.#retries[this.#step] ?? 0) + 1;
    return true;
  }

  /** To be called regularly: lets what is older than the interval go. */
  sweep(nowMs: number): void {
    const { intervalMs, retriesPerSecondMin } = this.#terms;
    const earned = ((nowMs - this.#spareMs) * retriesPerSecondMin) / 1000;
    this.#spare = Math.min(spareMax(this.#terms), this.#spare + earned);
    this.#spareMs = nowMs;
    const stepMs = Math.max(1, intervalMs / stepsPerInterval);
    const steps = Math.floor((nowMs - this.#stepBeganMs) / stepMs);
    if (steps <= 0) return;
    this.#requests[this.#step] = this.#requestsNow;
    this.#requestsNow = 0;
    for (let step = 0; step < Math.min(steps, stepsPerInterval); step += 1) {
      this.#step = (this.#step + 1) % stepsPerInterval;
      this.#requests[this.#step] = 0;
      this.#retries[this.#step] = 0;
    }
    this.#stepBeganMs += steps * stepMs;
  }
}

function spareMax({ intervalMs, retriesPerSecondMin }: BudgetTerms): number {
  return retriesPerSecondMin * Math.max(1, intervalMs / 1000);
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0);
}
