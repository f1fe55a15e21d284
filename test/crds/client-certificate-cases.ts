import type { RuleCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };

function way(clientCertificate: Json): Json {
  const one = { name: 'partners', type: 'ClientCertificate', clientCertificate };
  return manifest('AuthPolicy', { targetRefs: [shop], rules: { authenticate: [one] } });
}

function allowing(one: Json): Json {
  return way({ allow: [one] });
}

/** Of the way in by a client's certificate. */
export const clientCertificateRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: needs('ClientCertificate', 'clientCertificate'),
    valid: way({}),
    invalid: manifest('AuthPolicy', {
      targetRefs: [shop],
      rules: { authenticate: [{ name: 'partners', type: 'ClientCertificate' }] },
    }),
  },
  {
    rule: needs('DNS', 'dns'),
    valid: allowing({ type: 'DNS', dns: { value: 'api.example.com' } }),
    invalid: allowing({ type: 'DNS', trustDomain: 'example.org' }),
  },
  {
    rule: needs('Email', 'email'),
    valid: allowing({ type: 'Email', email: { value: 'ada@example.com' } }),
    invalid: allowing({ type: 'Email' }),
  },
  {
    rule: needs('TrustDomain', 'trustDomain'),
    valid: allowing({ type: 'TrustDomain', trustDomain: 'example.org' }),
    invalid: allowing({ type: 'TrustDomain' }),
  },
  {
    rule: "a suffix begins with '.', such as .example.com: else it would fit other domains too",
    valid: allowing({ type: 'DNS', dns: { match: 'Suffix', value: '.example.com' } }),
    invalid: allowing({ type: 'DNS', dns: { match: 'Suffix', value: 'example.com' } }),
  },
  {
    rule: "a suffix begins with '@', such as @example.com: else it would fit other domains too",
    valid: allowing({ type: 'Email', email: { match: 'Suffix', value: '@example.com' } }),
    invalid: allowing({ type: 'Email', email: { match: 'Suffix', value: 'example.com' } }),
  },
  {
    rule: "a prefix ends with '/' or ':', such as spiffe://example.org/ns/shop/: else it would fit others too",
    valid: allowing({ type: 'URI', uri: { match: 'Prefix', value: 'spiffe://example.org/ns/shop/' } }),
    invalid: allowing({ type: 'URI', uri: { match: 'Prefix', value: 'spiffe://example.org' } }),
  },
];
