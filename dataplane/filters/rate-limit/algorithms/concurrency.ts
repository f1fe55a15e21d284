// So many requests at a time, however long each takes. What is counted are requests in flight, so nothing needs a bound of
// its own, and no clock.
import { WeakValues } from '#dataplane/http/weak-values.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { countersOf } from '../rule.ts';
import { partOf } from './meter.ts';

/** Lets the requests of one key in while fewer than so many are in flight. */
export class Gate {
  readonly #requests: number;
  readonly #inFlight: Map<string, number>;

  /** `inFlight`: by key; those of a rule outlive its gate. */
  constructor(requests: number, inFlight: Map<string, number>) {
    this.#requests = requests;
    this.#inFlight = inFlight;
  }

  /** Whether one more may be in flight, who then must {@link leave}. `share`: one of N data planes lets its part in. */
  enter(key: string, share: number): boolean {
    const count = this.#inFlight.get(key) ?? 0;
    if (count >= partOf(this.#requests, share)) return false;
    this.#inFlight.set(key, count + 1);
    return true;
  }

  leave(key: string): void {
    const count = this.#inFlight.get(key) ?? 0;
    if (count > 1) this.#inFlight.set(key, count - 1);
    else this.#inFlight.delete(key);
  }
}

/** The gates of all rules. */
export class Gates {
  /** Weak: what is in flight is known to the rule's gate and to its requests, and forgotten with the last of them. */
  readonly #byRule = new WeakValues<string, Map<string, number>>();

  /** The gate of the rule, by the least of its limits of this algorithm; null when it has none. */
  of(rule: RateLimit): Gate | null {
    const requests = rule.limits.flatMap((limit) =>
      limit.algorithm === 'Concurrency' ? [limit.requests] : [],
    );
    if (requests.length === 0) return null;
    const inFlight = this.#byRule.of(countersOf(rule), () => new Map());
    return new Gate(Math.min(...requests), inFlight);
  }
}
