import type { RuleCase, SchemaCase } from './cases.ts';
import { manifest, type Json } from './manifest.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };

function rules(of: Json): Json {
  return manifest('AuthPolicy', { targetRefs: [shop], rules: of });
}

function entry(fields: Json): Json {
  return rules({ authorize: [{ name: 'writers', ...fields }] });
}

export const authorizationRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: 'asks for nothing: add authenticate, externalAuthorization or authorize',
    valid: entry({ when: 'true' }),
    invalid: rules({ optional: true }),
  },
  {
    rule: 'asks for nothing: add methods, addresses, scopes, groups, claims or when',
    valid: entry({ methods: ['GET'], groups: ['staff'], claims: [{ claim: 'org', values: ['a'] }] }),
    invalid: entry({ mode: 'Shadow' }),
  },
  {
    rule: 'names no network: add allow, deny or both',
    valid: entry({ addresses: { deny: ['10.0.0.0/8'] } }),
    invalid: entry({ addresses: {} }),
  },
  {
    rule: 'must be a network such as 10.0.0.0/8 or 2001:db8::/32, or one address such as 10.0.0.1/32',
    valid: entry({ addresses: { allow: ['2001:db8::/32'] } }),
    invalid: entry({ addresses: { allow: ['10.0.0.0/33'] } }),
  },
  {
    rule: 'has an address with bits beyond its length: write the network, as 10.0.0.0/8 in place of 10.0.0.1/8, or one address with the length 32 (IPv6: 128)',
    valid: entry({ addresses: { deny: ['10.0.0.1/32'] } }),
    invalid: entry({ addresses: { deny: ['10.0.0.1/8'] } }),
  },
];

export const authorizationSchemaCases: readonly SchemaCase[] = [
  {
    kind: 'AuthPolicy',
    what: 'a scope with a quote, which would end the challenge',
    path: 'spec.rules.authorize[0].scopes[0]',
    invalid: entry({ scopes: ['a"b'] }),
  },
  {
    kind: 'AuthPolicy',
    what: 'an expression of nothing',
    path: 'spec.rules.authorize[0].when',
    invalid: entry({ when: '' }),
  },
  {
    kind: 'AuthPolicy',
    what: 'a method in lower case, which no request has',
    path: 'spec.rules.authorize[0].methods[0]',
    invalid: entry({ methods: ['get'] }),
  },
  {
    kind: 'AuthPolicy',
    what: 'a claim without a value',
    path: 'spec.rules.authorize[0].claims[0].values',
    invalid: entry({ claims: [{ claim: 'org', values: [] }] }),
  },
];
