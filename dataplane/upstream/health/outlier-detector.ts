import type { ClusterCounts } from '../figures.ts';
import type { EndpointHealth, Outcome } from './endpoint-health.ts';
import type { OutlierDetection } from '#snapshot/cluster-health.ts';

/** The longest ejection, as a multiple of the first. */
const ejectionsCounted = 10;

/**
 * Ejects endpoints for how they answer: after failures or errors in a row at once, and for a small share of success
 * at the end of each interval. Never more of them than the terms say; who is ejected longest stays so.
 */
export class OutlierDetector {
  readonly #terms: OutlierDetection;
  readonly #counts: Pick<ClusterCounts, 'ejections'>;
  readonly #members = new Set<EndpointHealth>();
  #ejected = 0;
  #intervalEndsMs: number;

  constructor(terms: OutlierDetection, nowMs: number, counts: Pick<ClusterCounts, 'ejections'>) {
    this.#terms = terms;
    this.#counts = counts;
    this.#intervalEndsMs = nowMs + terms.intervalMs;
  }

  /** How many are ejected now. */
  get ejected(): number {
    return this.#ejected;
  }

  admit(health: EndpointHealth): void {
    if (health.isCounted) return;
    health.isCounted = true;
    this.#members.add(health);
    if (health.ejectedUntilMs !== 0) this.#ejected += 1;
  }

  dismiss(health: EndpointHealth): void {
    if (!this.#members.delete(health)) return;
    health.isCounted = false;
    if (health.ejectedUntilMs !== 0) this.#ejected -= 1;
  }

  /**
   * A request at one of the members, or at one that was, has ended. Returns whether that ejected it.
   *
   * Hot path: an answer costs a few additions.
   */
  settled(health: EndpointHealth, outcome: Outcome, nowMs: number): boolean {
    health.requests += 1;
    if (outcome === 'Answered') {
      health.successes += 1;
      health.failuresInRow = 0;
      health.errorsInRow = 0;
      return false;
    }
    health.errorsInRow += 1;
    health.failuresInRow = outcome === 'ServerError' ? 0 : health.failuresInRow + 1;
    if (health.ejectedUntilMs !== 0 || !health.isCounted) return false;
    const { consecutiveErrors, consecutiveFailures } = this.#terms;
    const isOut =
      reaches(health.failuresInRow, consecutiveFailures) || reaches(health.errorsInRow, consecutiveErrors);
    return isOut && this.#eject(health, nowMs);
  }

  /** To be called regularly. Returns whether an endpoint was ejected or came back. */
  sweep(nowMs: number): boolean {
    let isChanged = false;
    for (const health of this.#ejected === 0 ? nobody : this.#members) {
      if (health.ejectedUntilMs === 0 || health.ejectedUntilMs > nowMs) continue;
      this.#release(health);
      isChanged = true;
    }
    if (nowMs < this.#intervalEndsMs) return isChanged;
    this.#intervalEndsMs = nowMs + this.#terms.intervalMs;
    return this.#endInterval(nowMs) || isChanged;
  }

  /** The worst are ejected first, since not all may be. */
  #endInterval(nowMs: number): boolean {
    const { successRatePercentMin, requestsMin } = this.#terms;
    const isBad = (health: EndpointHealth): boolean =>
      health.ejectedUntilMs === 0 &&
      health.requests >= Math.max(1, requestsMin) &&
      successRate(health) < successRatePercentMin;
    const bad = new Set(successRatePercentMin === 0 ? [] : this.#members.values().filter(isBad));
    let isChanged = false;
    for (const health of this.#members) {
      if (health.ejectedUntilMs === 0 && health.ejections > 0 && !bad.has(health)) health.ejections -= 1;
    }
    for (const health of [...bad].sort((a, b) => successRate(a) - successRate(b))) {
      isChanged = this.#eject(health, nowMs) || isChanged;
    }
    for (const health of this.#members) {
      health.requests = 0;
      health.successes = 0;
    }
    return isChanged;
  }

  #eject(health: EndpointHealth, nowMs: number): boolean {
    if (this.#ejected >= this.#ejectedMax()) return false;
    this.#ejected += 1;
    this.#counts.ejections += 1;
    health.ejections = Math.min(ejectionsCounted, health.ejections + 1);
    health.ejectedUntilMs = nowMs + this.#terms.ejectionMs * health.ejections;
    health.judge();
    return true;
  }

  #release(health: EndpointHealth): void {
    this.#ejected -= 1;
    health.ejectedUntilMs = 0;
    health.failuresInRow = 0;
    health.errorsInRow = 0;
    health.judge();
  }

  /**
   * To be called when members have left: who would have come back first does so now, where more are ejected than may
   * be. Returns whether that were any.
   */
  releaseTooMany(): boolean {
    const tooMany = this.#ejected - this.#ejectedMax();
    if (tooMany <= 0) return false;
    const ejected = Array.from(this.#members).filter(({ ejectedUntilMs }) => ejectedUntilMs !== 0);
    ejected.sort((a, b) => a.ejectedUntilMs - b.ejectedUntilMs);
    for (const health of ejected.slice(0, tooMany)) this.#release(health);
    return true;
  }

  /** One at least, else small Services would never lose a bad endpoint; none for 0 percent. */
  #ejectedMax(): number {
    const { ejectedPercentMax } = this.#terms;
    if (ejectedPercentMax === 0) return 0;
    return Math.max(1, Math.floor((this.#members.size * ejectedPercentMax) / 100));
  }
}

const nobody: ReadonlySet<EndpointHealth> = new Set();

/** 0 is never. */
function reaches(count: number, max: number): boolean {
  return max !== 0 && count >= max;
}

/** Percent; only of what had requests. */
function successRate(health: EndpointHealth): number {
  return (health.successes * 100) / health.requests;
}
