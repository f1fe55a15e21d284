import type { RuleCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };

function way(one: Json): Json {
  const rules = { authenticate: [{ name: 'operators', type: 'Basic', ...one }] };
  return manifest('AuthPolicy', { targetRefs: [shop], rules });
}

/** Of the way in by user and password. */
export const basicRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: needs('Basic', 'basic'),
    valid: way({ basic: { secretRef: { name: 'users', key: '.htpasswd' }, realm: 'the shop' } }),
    invalid: way({}),
  },
];
