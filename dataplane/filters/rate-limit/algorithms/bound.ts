// How many requests may wait for a backend at a time, as its answers tell: additive increase, multiplicative decrease. Knows
// neither requests nor clocks; times are milliseconds of a monotonic one.
import type { Adaptive } from '#snapshot/rate-limit.ts';

/** What is judged at a time: so many answers, and so long. */
const answersMin = 20;
const windowMs = 100;
/** More of the answers may not be late. */
const lateShareMax = 0.1;
/** No decrease is less, and none more: what was sent before it still tells of the time before. */
const decreaseLeast = 0.9;
const decreaseMost = 0.5;

/**
 * Never below `concurrencyMin` nor above `concurrencyMax`. Doubles until it is enough or too much, then grows by its square
 * root while all is well; and only while half of it is used, so that a flood after quiet times does not find it wide open.
 * Only answers count to requests that were sent since the last change.
 */
export class Bound {
  readonly #goals: Adaptive;
  #size: number;
  #inFlight = 0;
  #isStarting = true;
  // since the last change
  #sinceMs = -Infinity;
  #peak = 0;
  #answers = 0;
  #late = 0;
  #failed = 0;
  #latencyMs = 0;

  constructor(goals: Adaptive) {
    this.#goals = goals;
    this.#size = goals.concurrencyMin;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether one more may be sent. */
  get hasRoom(): boolean {
    return this.#inFlight < this.#size;
  }

  /** A request was sent, of which {@link answered} or {@link left} is told later. */
  sent(): void {
    this.#inFlight += 1;
    this.#peak = Math.max(this.#peak, this.#inFlight);
  }

  /** Nobody waits for its answer any more. */
  left(): void {
    this.#inFlight -= 1;
  }

  /** The answer to a request that was sent at `sentMs` begins, or will never. */
  answered(sentMs: number, now: number, failed: boolean): void {
    this.left();
    if (sentMs < this.#sinceMs) return;
    if (this.#sinceMs === -Infinity) this.#sinceMs = sentMs;
    const { latencyMs } = this.#goals;
    this.#answers += 1;
    this.#latencyMs += now - sentMs;
    if (latencyMs !== null && now - sentMs > latencyMs) this.#late += 1;
    if (failed) this.#failed += 1;
    if (this.#answers >= answersMin && now - this.#sinceMs >= windowMs) this.#judge(now);
  }

  #judge(now: number): void {
    const { concurrencyMin, concurrencyMax } = this.#goals;
    const factor = this.#decrease();
    if (factor < 1 || this.#peak < this.#size) this.#isStarting = false;
    if (factor < 1) {
      this.#size = Math.max(concurrencyMin, Math.floor(Math.min(this.#size, this.#peak) * factor));
    } else if (this.#peak * 2 >= this.#size) {
      const more = this.#isStarting ? this.#size : Math.ceil(Math.sqrt(this.#size));
      this.#size = Math.min(concurrencyMax, this.#size + more);
    }
    this.#sinceMs = now;
    this.#peak = this.#inFlight;
    this.#answers = this.#late = this.#failed = this.#latencyMs = 0;
  }

  /** 1 while backends hold what they are to hold. */
  #decrease(): number {
    const { latencyMs, errorPercentMax } = this.#goals;
    const failedShare = this.#failed / this.#answers;
    let factor = 1;
    if (latencyMs !== null && this.#late > lateShareMax * this.#answers) {
      factor = bounded((latencyMs * this.#answers) / this.#latencyMs);
    }
    if (errorPercentMax !== null && failedShare > errorPercentMax / 100)
      factor = Math.min(factor, bounded(1 - failedShare));
    return factor;
  }
}

function bounded(factor: number): number {
  return Math.min(decreaseLeast, Math.max(decreaseMost, factor));
}
