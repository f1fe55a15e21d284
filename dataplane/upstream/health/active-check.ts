import type { HealthCheck } from '#snapshot/cluster-health.ts';
import type { Random } from '../balance/balancer.ts';

/** When an endpoint is asked, and what so many answers make of it. */
export type CheckTerms = Pick<HealthCheck, 'intervalMs' | 'healthyAfter' | 'unhealthyAfter'>;

/** Each interval is so much longer or shorter, so that checks do not come all at once. */
const jitter = 0.1;

/**
 * What asking one endpoint says of it. It is healthy until the first answer, since Kubernetes called it ready; the
 * first answer counts at once, later ones only so many in a row.
 */
export class ActiveCheck {
  readonly #terms: CheckTerms;
  readonly #random: Random;
  #healthy = true;
  #isFirst = true;
  #isAsking = false;
  /** Answers in a row that say otherwise. */
  #against = 0;
  #dueMs: number;

  /** The first check comes within one interval. */
  constructor(terms: CheckTerms, from: { readonly nowMs: number; readonly random: Random }) {
    this.#terms = terms;
    this.#random = from.random;
    this.#dueMs = from.nowMs + from.random() * terms.intervalMs;
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  /** Whether to ask now; if so the caller asks, and tells {@link passed} or {@link failed} before it is due again. */
  due(nowMs: number): boolean {
    if (this.#isAsking || nowMs < this.#dueMs) return false;
    this.#isAsking = true;
    this.#dueMs = nowMs + this.#terms.intervalMs * (1 - jitter + 2 * jitter * this.#random());
    return true;
  }

  /** It answered as it should. Returns whether that changed `healthy`. */
  passed(): boolean {
    return this.#tell(true, this.#terms.healthyAfter);
  }

  /** It did not, or not in time. Returns whether that changed `healthy`. */
  failed(): boolean {
    return this.#tell(false, this.#terms.unhealthyAfter);
  }

  #tell(healthy: boolean, after: number): boolean {
    const wasFirst = this.#isFirst;
    this.#isAsking = false;
    this.#isFirst = false;
    if (healthy === this.#healthy) {
      this.#against = 0;
      return false;
    }
    this.#against += 1;
    if (!wasFirst && this.#against < after) return false;
    this.#healthy = healthy;
    this.#against = 0;
    return true;
  }
}
