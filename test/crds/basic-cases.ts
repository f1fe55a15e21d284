import type { RuleCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };

function way(one: Json): Json {
  const rules = { authenticate: [{ name: 'operators', type: 'Basic', ...one }] };
  return manifest('AuthPolicy', { targetRefs: [shop], rules });
}

const users = { secretRef: { name: 'users', key: '.htpasswd' } };

/** Of the way in by user and password. */
export const basicRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: needs('Basic', 'basic'),
    valid: way({ basic: { ...users, realm: 'the shop' } }),
    invalid: way({}),
  },
  ...['authorization', 'Host', 'content-length', 'Transfer-Encoding', 'cookie', 'X-Forwarded-For'].map(
    (usernameToHeader) => ({
      rule: 'backends read something else in this header (a credential, the client, the connection, the framing): choose another, such as x-user',
      valid: way({ basic: { ...users, usernameToHeader: 'x-user' } }),
      invalid: way({ basic: { ...users, usernameToHeader } }),
    }),
  ),
];
