import type { Plan } from '#snapshot/plan.ts';
import type { UsageSum } from '#snapshot/usage.ts';
import { hourMs } from '#snapshot/usage.ts';
import { windowAt } from './algorithms/windows.ts';

/** What a consumer has used of one limit of its plan in the window of now. */
export interface QuotaUsed {
  readonly plan: Plan;
  /** Its name. */
  readonly limit: string;
  readonly consumer: string;
  readonly units: number;
}

/** What `used` means for the quotas of `plan`: the limits that go by the calendar. */
export function usedOfQuotas(plan: Plan, used: Iterable<UsageSum>, epochMs: number): readonly QuotaUsed[] {
  const sums = [...used].filter(({ consumer, plan: name }) => nameOf(consumer, name) === plan.name);
  return plan.limits.flatMap((limit) => {
    if (limit.algorithm !== 'FixedWindow' || limit.windows.kind !== 'Calendar') return [];
    const { startMs } = windowAt(limit.windows, epochMs);
    const units = new Map<string, number>();
    for (const { consumer, hourMs: fromMs, units: more } of sums) {
      if (fromMs + hourMs > startMs) units.set(consumer, (units.get(consumer) ?? 0) + more);
    }
    return [...units].map(([consumer, sum]) => ({ plan, limit: limit.name, consumer, units: sum }));
  });
}

/** A Consumer has a plan of its own namespace. */
function nameOf(consumer: string, plan: string): string {
  return `${consumer.slice(0, consumer.indexOf('/'))}/${plan}`;
}
