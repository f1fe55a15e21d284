import type { RuleCase } from './cases.ts';
import { manifest, type Json } from './manifest.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };
const http = { backendRef: { name: 'doorman', port: 8080 } };

function asking(fields: Json): Json {
  return manifest('AuthPolicy', {
    targetRefs: [shop],
    rules: { externalAuthorization: { http, ...fields } },
  });
}

/** Of a service that says whether a request may pass. */
export const externalAuthorizationRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: 'must be longer than 0s and at most 30s: a request waits for it',
    valid: asking({ timeout: '500ms', cache: { headers: ['x-tenant'], duration: '10s' } }),
    invalid: asking({ timeout: '0s' }),
  },
];
