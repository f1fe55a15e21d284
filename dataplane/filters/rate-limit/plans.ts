// Plans: limits that go with who calls, not with what is called. Whoever has one holds on to it before it is there,
// and when it changes or goes.
import type { Exchange, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import { WeakValues } from '#dataplane/http/weak-values.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { Plan } from '#snapshot/plan.ts';
import { rateLimitDefaults, type RateLimit } from '#snapshot/rate-limit.ts';

/** Makes the filter of the limits of a plan. */
export type FilterForPlan = (limit: RateLimit, plan: Plan) => RequestFilter;

/** All plans of the process. */
export class Plans {
  readonly #filterFor: FilterForPlan;
  /** As long as somebody has them. */
  readonly #handed = new WeakValues<string, PlanFilter>();
  #plans: ReadonlyMap<string, Plan> = new Map();

  constructor(filterFor: FilterForPlan) {
    this.#filterFor = filterFor;
  }

  /** The filter of the plan of this name, `<namespace>/<plan>`; it follows the plan. */
  of(name: string): RequestFilter {
    return this.#handed.of(name, () => {
      const made = new PlanFilter(name, this.#filterFor);
      made.follow(this.#plans.get(name) ?? null);
      return made;
    });
  }

  /** Those that there are. */
  get all(): Iterable<Plan> {
    return this.#plans.values();
  }

  /** From now on there are these and no others. */
  use(plans: readonly Plan[]): void {
    this.#plans = new Map(plans.map((plan) => [plan.name, plan]));
    for (const [name, filter] of this.#handed) filter.follow(this.#plans.get(name) ?? null);
  }
}

/** Refuses all requests while there is no such plan. */
class PlanFilter implements RequestFilter {
  readonly kind = 'Plan';
  readonly #unavailable: Verdict;
  readonly #filterFor: FilterForPlan;
  #plan: Plan | null = null;
  /** Null where the plan limits nothing. */
  #limits: RequestFilter | null = null;

  constructor(name: string, filterFor: FilterForPlan) {
    this.#unavailable = { kind: 'PlanUnavailable', plan: name.slice(name.indexOf('/') + 1) };
    this.#filterFor = filterFor;
  }

  follow(plan: Plan | null): void {
    if (plan === this.#plan) return;
    this.#plan = plan;
    this.#limits =
      plan === null || plan.limits.length === 0 ? null : this.#filterFor(limitsPerConsumer(plan), plan);
  }

  apply(exchange: Exchange): Verdict | Promise<Verdict> {
    if (this.#limits !== null) return this.#limits.apply(exchange);
    return this.#plan === null ? this.#unavailable : null;
  }
}

/** A plan counts as a rule of a RateLimitPolicy does that counts by consumer, and refuses in the same words. */
export function limitsPerConsumer({ name, limits }: Plan): RateLimit {
  return {
    ...rateLimitDefaults,
    kind: 'RateLimit',
    id: resourceId('RateLimit', name),
    name,
    key: { kind: 'Consumer', onUnknown: 'Refuse' },
    limits,
    onStoreError: 'Local',
    mode: 'Enforce',
  };
}

/** Asks the plan of who calls, if it has one. */
export const planOfCaller: RequestFilter = Object.freeze({
  kind: 'Plan',
  apply: (exchange: Exchange) => exchange.identity?.limits?.apply(exchange) ?? null,
});
