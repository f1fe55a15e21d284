// Which limits hold for a key: those of the rule, or others that it has for just this text.
import type { Limit } from '#snapshot/limit.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import type { Gate } from './algorithms/concurrency.ts';
import { rateLimitFields, type RateLimitFields } from './answer-fields.ts';
import type { Outcome } from './outcome.ts';
import type { LimitRule } from './rule.ts';

/** Limits made ready to be asked, and to be told of. */
export interface Counted {
  readonly rule: LimitRule;
  /** Of the limits on what is in flight; null when there are none. */
  readonly gate: Gate | null;
  readonly fields: RateLimitFields;
  /** What the log calls the limits, those that count over time in their order: `<namespace>/<policy>/<rule>/<limit>`. */
  readonly names: readonly string[];
  readonly gateName: string;
}

/** The name of the limit that refuses: the last to be over of those that have too little left. */
export function refusingLimit({ names }: Counted, { remaining, resetMs }: Outcome, units: number): string {
  let found = 0;
  let longestMs = -1;
  for (let at = 0; at < names.length; at += 1) {
    const ms = resetMs[at] ?? 0;
    if ((remaining[at] ?? 0) >= Math.max(1, units) || ms <= longestMs) continue;
    found = at;
    longestMs = ms;
  }
  return names[found] ?? '';
}

/** The limits of a RateLimit; `byValue` is null where all keys have the usual ones. */
export interface CountedByValue {
  readonly usual: Counted;
  readonly byValue: ReadonlyMap<string, Counted> | null;
}

/** What makes limits ready; counters go by names and key, so those of a key go on wherever its limits are written. */
export interface Counters {
  readonly ruleFor: (limit: RateLimit) => LimitRule;
  readonly gateOf: (limit: RateLimit) => Gate | null;
}

/** All limits of `limit`, made ready. */
export function countedByValue(limit: RateLimit, { ruleFor, gateOf }: Counters): CountedByValue {
  function counted(limits: readonly Limit[]): Counted {
    const one = { ...limit, limits, values: [] };
    const rule = ruleFor(one);
    const gate = gateOf(one);
    const names = rule.meters.map(({ name }) => `${limit.name}/${name}`);
    const gateName = `${limit.name}/${least(limits)}`;
    return { rule, gate, fields: rateLimitFields(one), names, gateName };
  }
  const others = limit.values.flatMap(({ values, limits }) => {
    const made = counted(limits);
    return values.map((value) => [value, made] as const);
  });
  return { usual: counted(limit.limits), byValue: others.length === 0 ? null : new Map(others) };
}

/** The name of the limit that a gate is made of. */
function least(limits: readonly Limit[]): string {
  const ofGate = limits.filter(({ algorithm }) => algorithm === 'Concurrency');
  return ofGate.toSorted((one, other) => one.requests - other.requests)[0]?.name ?? '';
}
