// Rules that count together by a name. The one that was there first says what the name stands for; rules at odds with it
// cannot be enforced, and nobody else notices.
import type { RateLimitRule } from '#crds/rate-limit-policy.ts';
import { olderFirst } from '../creation-time.ts';
import type { Index, Read, Unit } from '../memo.ts';
import { limitOf } from './limit.ts';
import { placedRules } from './policy.ts';
import { valuesOf } from './rate-limit-key.ts';
import type { Unenforceable } from './rate-limit-problem.ts';

/** Limits that a shared name stands for, told by the names of limits, and whose they are. */
interface Definition {
  readonly policy: string;
  readonly rule: string;
  readonly limits: ReadonlyMap<string, string>;
}

const byShared: Index<'RateLimitPolicy'> = {
  kind: 'RateLimitPolicy',
  keysOf: ({ metadata: { namespace }, spec }) =>
    placedRules(spec).rules.flatMap((rule) => `${namespace}/${sharedNameOf(rule) ?? ''}`),
};

const definitionUnit: Unit<Definition | null> = {
  name: 'shared limits',
  compute(read, namespace = '', shared = '') {
    const [first] = [...read.find(byShared, `${namespace}/${shared}`)].sort(olderFirst);
    const rule = first && placedRules(first.spec).rules.find((one) => sharedNameOf(one) === shared);
    if (first === undefined || rule === undefined) return null;
    return { policy: first.metadata.name, rule: rule.name, limits: limitsOf(namespace, rule) };
  },
};

/** The first of the `rules` of a policy in `namespace` whose limits are not those of its shared name; `place`: of the rules. */
export function sharedProblem(
  read: Read,
  namespace: string,
  rules: readonly RateLimitRule[],
  place: string,
): Unenforceable | null {
  for (const [index, rule] of rules.entries()) {
    const shared = sharedNameOf(rule);
    const definition = shared === null ? null : read.ask(definitionUnit, namespace, shared);
    if (shared === null || definition === null) continue;
    const limit = difference(limitsOf(namespace, rule), definition.limits);
    if (limit === null) continue;
    const winner = `rule ${definition.rule} of RateLimitPolicy ${namespace}/${definition.policy}`;
    const field = `${place}[${String(index)}].scope.shared.name`;
    return { kind: 'SharedLimitConflicted', field, shared, limit, winner };
  }
  return null;
}

/** The name that the rule shares its counters by; null where it has its own. */
export function sharedNameOf({ scope }: RateLimitRule): string | null {
  return scope?.type === 'Shared' ? scope.shared.name : null;
}

function limitsOf(namespace: string, rule: RateLimitRule): ReadonlyMap<string, string> {
  const values = valuesOf(namespace, rule).map((one) => JSON.stringify(one));
  return new Map([
    ...(rule.limits ?? []).map((limit) => [`limit ${limit.name}`, JSON.stringify(limitOf(limit))] as const),
    ['list of values', values.sort().join('\n')],
    // What answers owe is forgotten where a limit knows of no debts.
    ['cost.type', rule.cost?.type ?? 'Request'],
  ]);
}

/** What is not the same in both. */
function difference(mine: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>): string | null {
  return (
    [...new Set([...mine.keys(), ...others.keys()])].find((one) => mine.get(one) !== others.get(one)) ?? null
  );
}
