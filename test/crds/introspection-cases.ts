import type { RuleCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };
const backend = { backendRef: { name: 'ids', port: 8080 }, path: '/introspect' };
const endpoint = { type: 'Backend', backend };
const outside = { type: 'URI', uri: 'https://id.example.com/introspect' };

function way(one: Json): Json {
  const rules = { authenticate: [{ name: 'opaque', type: 'Introspection', ...one }] };
  return manifest('AuthPolicy', { targetRefs: [shop], rules });
}

function introspection(fields: Json): Json {
  return way({ introspection: { endpoint, ...fields } });
}

/** Of the way in by a token that its issuer is asked about. */
export const introspectionRules: readonly Omit<RuleCase, 'kind'>[] = [
  { rule: needs('Introspection', 'introspection'), valid: introspection({}), invalid: way({}) },
  {
    rule: needs('URI', 'uri'),
    valid: introspection({ endpoint: outside }),
    invalid: introspection({ endpoint: { type: 'URI' } }),
  },
  {
    rule: needs('Backend', 'backend'),
    valid: introspection({ endpoint: { backend } }),
    invalid: introspection({ endpoint: { ...outside, backend } }),
  },
  {
    rule: 'caRef is for TLS to an address outside: remove it, or set type to URI',
    valid: introspection({ endpoint: { ...outside, caRef: { name: 'ca' } } }),
    invalid: introspection({ endpoint: { ...endpoint, caRef: { name: 'ca' } } }),
  },
  {
    rule: 'must be at most 1h: what is taken back would hold for so long',
    valid: introspection({ cacheFor: '1h', maxStale: '0s' }),
    invalid: introspection({ cacheFor: '61m' }),
  },
  {
    rule: 'must be at most 30s: a request waits for it',
    valid: introspection({ timeout: '30s' }),
    invalid: introspection({ timeout: '31s' }),
  },
];
