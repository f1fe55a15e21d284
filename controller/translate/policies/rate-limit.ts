import type { RateLimitRule } from '#crds/rate-limit-policy.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { RateLimit, RateLimitScope } from '#snapshot/rate-limit.ts';
import type { Unit } from '../memo.ts';
import { adaptiveOf, limitOf } from './limit.ts';
import { closedPolicy, placedRules, placeNames, type PolicyModel } from './policy.ts';
import { inNamespace, keyOf, valuesOf } from './rate-limit-key.ts';
import { rulesProblem } from './rate-limit-problem.ts';
import { sharedNameOf, sharedProblem } from './shared-limits.ts';
import { refusedModel } from './source.ts';

/** The RateLimitPolicy of a namespace and name; null when there is none. Each rule is a part. */
export const rateLimitPolicyUnit: Unit<PolicyModel | null> = {
  name: 'RateLimitPolicy',
  compute(read, namespace = '', name = '') {
    const object = read.get('RateLimitPolicy', namespace, name);
    if (object === undefined) {
      return refusedModel(read, 'RateLimitPolicy', namespace, name);
    }
    const { layer, strategy, rules } = placedRules(object.spec);
    const base = { kind: 'RateLimitPolicy', namespace, name, layer, strategy } as const;
    const place = layer === 'Rules' ? placeNames[layer] : `${placeNames[layer]}.rules`;
    const closes = rulesProblem(namespace, rules, place) ?? sharedProblem(read, namespace, rules, place);
    if (closes !== null) {
      return closedPolicy(base, { ...closes, opens: object.spec.onInvalid === 'Open' });
    }
    const limits = rules.map((rule) => rateLimit(namespace, name, rule));
    return {
      ...base,
      parts: rules.map((rule) => ({ name: rule.name, id: idOf(namespace, name, rule) })),
      resources: limits,
      remoteKeys: [],
      closes: null,
      pending: null,
    };
  },
};

function idOf(namespace: string, policy: string, rule: RateLimitRule) {
  return resourceId('RateLimit', namespace, policy, rule.name);
}

function rateLimit(namespace: string, policy: string, rule: RateLimitRule): RateLimit {
  return {
    kind: 'RateLimit',
    id: idOf(namespace, policy, rule),
    name: `${namespace}/${policy}/${rule.name}`,
    key: keyOf(rule.key),
    when: rule.when ?? null,
    cost: rule.cost ?? null,
    limits: (rule.limits ?? []).map(limitOf),
    adaptive: rule.adaptive === undefined ? null : adaptiveOf(rule.adaptive),
    values: valuesOf(namespace, rule),
    scope: scopeOf(namespace, rule),
    onStoreError: rule.onStoreError,
    mode: rule.mode,
    answerFields: rule.answer.fields,
    denial: rule.answer.denial ?? null,
    exempt: {
      addresses: rule.exempt?.addresses ?? [],
      consumers: (rule.exempt?.consumers ?? []).map((name) => inNamespace(namespace, name)),
    },
  };
}

function scopeOf(namespace: string, rule: RateLimitRule): RateLimitScope {
  const shared = sharedNameOf(rule);
  if (shared !== null) return { kind: 'Shared', name: `${namespace}/${shared}` };
  return { kind: rule.scope?.type === 'Pod' ? 'Pod' : 'Policy' };
}
