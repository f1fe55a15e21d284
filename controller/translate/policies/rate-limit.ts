import type { RateLimitKey as KeySpec, RateLimitRule } from '#crds/rate-limit-policy.ts';
import { resourceId } from '#snapshot/ids.ts';
import { addressKeyDefaults, type RateLimit, type RateLimitKey } from '#snapshot/rate-limit.ts';
import type { Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import { expressionProblem } from './authorization.ts';
import { limitOf, limitProblem } from './limit.ts';
import { closedPolicy, placedRules, placeNames, type PolicyModel } from './policy.ts';
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
    const closes = rulesProblem(rules, place);
    if (closes !== null) {
      return closedPolicy(base, closes);
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

/** The first expression that is none, or limit that cannot be kept. */
function rulesProblem(rules: readonly RateLimitRule[], place: string): Problem | null {
  for (const [index, { key, when, limits }] of rules.entries()) {
    const field = `${place}[${String(index)}]`;
    const told = when === undefined ? null : expressionProblem(when, 'bool');
    if (told !== null) {
      return { kind: 'PolicyInvalid', field: `${field}.when`, detail: told };
    }
    for (const [at, text] of key.type === 'Expressions' ? key.expressions.entries() : []) {
      const detail = expressionProblem(text, 'text');
      if (detail !== null) {
        return { kind: 'PolicyInvalid', field: `${field}.key.expressions[${String(at)}]`, detail };
      }
    }
    for (const [at, limit] of limits.entries()) {
      const told = limitProblem(limit);
      if (told !== null) {
        return {
          kind: 'PolicyInvalid',
          field: `${field}.limits[${String(at)}].${told.field}`,
          detail: told.detail,
        };
      }
    }
  }
  return null;
}

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
    limits: rule.limits.map(limitOf),
    onStoreError: rule.onStoreError,
    mode: rule.mode,
    answerFields: rule.answer.fields,
    exempt: {
      addresses: rule.exempt?.addresses ?? [],
      consumers: (rule.exempt?.consumers ?? []).map((name) =>
        name.includes('/') ? name : `${namespace}/${name}`,
      ),
    },
  };
}

function keyOf(key: KeySpec): RateLimitKey {
  switch (key.type) {
    case 'ClientAddress':
      return { kind: 'ClientAddress', ...addressKeyDefaults, ...key.clientAddress };
    case 'Header':
      return { kind: 'Header', header: key.header.name.toLowerCase(), onUnknown: key.onUnknownKey };
    case 'Cookie':
      return { kind: 'Cookie', cookie: key.cookie.name, onUnknown: key.onUnknownKey };
    case 'Consumer':
      return { kind: 'Consumer', onUnknown: key.onUnknownKey };
    case 'Route':
    case 'Method':
      return { kind: key.type };
    case 'Claim':
      return { kind: 'Claim', claim: key.claim.name, onUnknown: key.onUnknownKey };
    case 'Expressions':
      return { kind: 'Expressions', expressions: key.expressions, onUnknown: key.onUnknownKey };
    default:
      return key satisfies never;
  }
}
