// Cases of API keys: of the ways in by them, and of Consumers.
import type { RuleCase, SchemaCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';

const consumerSelector = {};

function way(apiKey: Json): Json {
  return manifest('AuthPolicy', {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' }],
    rules: { authenticate: [{ name: 'partners', type: 'APIKey', apiKey }] },
  });
}

function from(...sources: readonly Json[]): Json {
  return way({ consumerSelector, sources });
}

function tells(...identityToHeaders: readonly Json[]): Json {
  return way({ consumerSelector, identityToHeaders });
}

const apiKey = { prefix: 'tp_ab12cd34', sha256: 'a0'.repeat(32) };
const first = { name: 'first', type: 'APIKey', apiKey };

function consumer(...credentials: readonly Json[]): Json {
  return manifest('Consumer', { credentials });
}

function key(fields: Json): Json {
  return consumer({ ...first, apiKey: { ...apiKey, ...fields } });
}

const ofPolicies: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: needs('APIKey', 'apiKey'),
    valid: way({ consumerSelector }),
    invalid: manifest('AuthPolicy', { rules: { authenticate: [{ name: 'partners', type: 'APIKey' }] } }),
  },
  {
    rule: needs('Header', 'header'),
    valid: from({ type: 'Header', header: { name: 'Authorization', scheme: 'ApiKey' } }),
    invalid: from({ type: 'Header' }),
  },
  {
    rule: needs('Query', 'query'),
    valid: from({ type: 'Query', query: { name: 'api_key' } }),
    invalid: from({ type: 'Query', cookie: { name: 'key' } }),
  },
  {
    rule: needs('Cookie', 'cookie'),
    valid: from({ type: 'Cookie', cookie: { name: 'key' } }),
    invalid: from({ type: 'Cookie' }),
  },
  {
    rule: 'would select all Secrets, also those that hold no API keys: name a label',
    valid: way({ secretSelector: { matchLabels: { 'example.com/keys': 'partners' } } }),
    invalid: way({ secretSelector: { matchLabels: {} } }),
  },
  {
    rule: 'says of nobody that their keys count: add consumerSelector ({} for all Consumers of this namespace) or secretSelector',
    valid: way({ consumerSelector: { matchLabels: { tier: 'partner' } } }),
    invalid: way({}),
  },
  {
    rule: 'backends read something else in this header (a credential, the client, the connection, the framing): choose another, such as x-user',
    valid: tells({ value: 'Consumer', header: 'x-consumer' }),
    invalid: tells({ value: 'Plan', header: 'Transfer-Encoding' }),
  },
  {
    rule: 'two entries name the same header (upper and lower case are one): remove one',
    valid: tells({ value: 'Consumer', header: 'x-consumer' }, { value: 'Plan', header: 'x-plan' }),
    invalid: tells({ value: 'Consumer', header: 'x-consumer' }, { value: 'Plan', header: 'X-Consumer' }),
  },
];

const ofConsumers: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: needs('APIKey', 'apiKey'),
    valid: consumer(first, { ...first, name: 'second' }),
    invalid: consumer({ name: 'first', type: 'APIKey' }),
  },
];

/** One for each rule of the CRDs that speaks of API keys. */
export const apiKeyRules: readonly RuleCase[] = [
  ...ofPolicies.map((one) => ({ kind: 'AuthPolicy' as const, ...one })),
  ...ofConsumers.map((one) => ({ kind: 'Consumer' as const, ...one })),
];

const path = 'spec.credentials[0].apiKey';

/** Some of what the schemas refuse. */
export const apiKeySchemaCases: readonly SchemaCase[] = [
  {
    kind: 'Consumer',
    what: 'a hash in capitals',
    path: `${path}.sha256`,
    invalid: key({ sha256: 'A0'.repeat(32) }),
  },
  {
    kind: 'Consumer',
    what: 'a time of another zone',
    path: `${path}.expires`,
    invalid: key({ expires: '2027-06-30T00:00:00+02:00' }),
  },
  {
    kind: 'Consumer',
    what: 'a prefix of three characters',
    path: `${path}.prefix`,
    invalid: key({ prefix: 'tp_' }),
  },
  {
    kind: 'Consumer',
    what: 'two credentials of one name',
    path: 'spec.credentials[1]',
    invalid: consumer(first, first),
  },
  {
    kind: 'Consumer',
    what: 'a group with a comma',
    path: 'spec.groups[0]',
    invalid: manifest('Consumer', { groups: ['a,b'] }),
  },
];
