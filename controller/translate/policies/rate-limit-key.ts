import type { RateLimitKey as KeySpec } from '#crds/rate-limit-key.ts';
import type { RateLimitRule } from '#crds/rate-limit-policy.ts';
import { addressKeyDefaults, type LimitsOfValues, type RateLimitKey } from '#snapshot/rate-limit.ts';
import { limitOf } from './limit.ts';

/** What data planes find as the key where a policy of `namespace` writes `value`. */
export function keyText(namespace: string, { type }: KeySpec, value: string): string {
  if (type === 'Consumer') return inNamespace(namespace, value);
  return type === 'Route' ? `HTTPRoute/${inNamespace(namespace, value)}` : value;
}

/** Other limits of some values of the key of a rule of a policy in `namespace`. */
export function valuesOf(namespace: string, { key, values = [] }: RateLimitRule): readonly LimitsOfValues[] {
  return values.map((one) => ({
    values: one.values.map((value) => keyText(namespace, key, value)),
    limits: one.limits.map(limitOf),
  }));
}

/** `name` as `<namespace>/<name>`. */
export function inNamespace(namespace: string, name: string): string {
  return name.includes('/') ? name : `${namespace}/${name}`;
}

/** The key as data planes count by it. */
export function keyOf(key: KeySpec): RateLimitKey {
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
    case 'PathTemplate':
      return { kind: 'PathTemplate', template: key.pathTemplate.template, onUnknown: key.onUnknownKey };
    case 'Expressions':
      return { kind: 'Expressions', expressions: key.expressions, onUnknown: key.onUnknownKey };
    default:
      return key satisfies never;
  }
}
