// For each rule of our CRDs an object that keeps it and one that breaks it: the decoder is tested with them here, a
// real API server in e2e/crds.test.ts, and both must say the same.
import type { OwnKind } from '#crds/definition.ts';
import { clientPolicyRules, clientPolicySchemaCases } from './client-policy-cases.ts';
import { gatewayParametersRules, gatewayParametersSchemaCases } from './gateway-parameters-cases.ts';
import { manifest, needs, type Json } from './manifest.ts';
import { trafficPolicyRules, trafficPolicySchemaCases } from './traffic-policy-cases.ts';

export interface RuleCase {
  readonly kind: OwnKind;
  /** The message that an invalid object is refused with. */
  readonly rule: string;
  readonly valid: Json;
  readonly invalid: Json;
}

/** An object that the schema alone refuses. */
export interface SchemaCase {
  readonly kind: OwnKind;
  readonly what: string;
  /** The field that is told. */
  readonly path: string;
  readonly invalid: Json;
}

const group = 'gateway.networking.k8s.io';
const shop = { group, kind: 'HTTPRoute', name: 'shop' };
const rsa = { kty: 'RSA', kid: 'one', n: 'sXch', e: 'AQAB', 'x5t#S256': 'kept' };
const inline = (key: Json): Json => ({ type: 'Inline', inline: { keys: [key] } });
const remote = (value: Json): Json => ({ type: 'Remote', remote: value });
const service = { name: 'keys', port: 8080 };

function way(jwt: Json): Json {
  return { name: 'staff', type: 'JWT', jwt: { issuer: 'https://id.example.com', jwks: inline(rsa), ...jwt } };
}

function auth(...authenticate: readonly Json[]): Json {
  return manifest('AuthPolicy', { targetRefs: [shop], rules: { authenticate } });
}

function jwt(fields: Json): Json {
  return auth(way(fields));
}

function targets(...targetRefs: readonly Json[]): Json {
  return manifest('AuthPolicy', { targetRefs, rules: { authenticate: [way({})] } });
}

const minute = { name: 'minute', requests: 100, window: '1m' };

function limits(rule: Json): Json {
  return manifest('RateLimitPolicy', {
    targetRefs: [shop],
    rules: [{ name: 'per-client', limits: [minute], ...rule }],
  });
}

function limit(fields: Json): Json {
  return limits({ limits: [{ ...minute, ...fields }] });
}

const rule = { name: 'per-client', limits: [minute] };

const namedTwice = 'a target is named twice: remove one of the two entries';
const wholeAndPart =
  'one target is named both whole and by sectionName: give each of its entries a sectionName, or keep the whole one alone';
const onePlace =
  'exactly one of rules, defaults and overrides must be set: move all rules into one of them and remove the others';

function missingMembers(kty: string, names: string): string {
  return `a key of type ${kty} needs ${names}: add them, with their names in quotes (YAML may read n and y as booleans)`;
}

const sections = [
  { ...shop, sectionName: 'read' },
  { ...shop, sectionName: 'write' },
];

const authPolicyRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: wholeAndPart,
    valid: targets(...sections),
    invalid: targets(shop, { ...shop, sectionName: 'read' }),
  },
  {
    rule: namedTwice,
    valid: targets(shop, { group, kind: 'Gateway', name: 'shop' }),
    invalid: targets(shop, shop),
  },
  {
    rule: onePlace,
    valid: manifest('AuthPolicy', { overrides: { rules: { authenticate: [way({})] } } }),
    invalid: manifest('AuthPolicy', { targetRefs: [shop] }),
  },
  { rule: needs('JWT', 'jwt'), valid: auth(way({})), invalid: auth({ name: 'staff', type: 'JWT' }) },
  {
    rule: needs('Inline', 'inline'),
    valid: jwt({ jwks: inline(rsa) }),
    invalid: jwt({ jwks: { type: 'Inline', remote: { uri: 'https://id.example.com/jwks' } } }),
  },
  {
    rule: needs('ConfigMap', 'configMapRef'),
    valid: jwt({ jwks: { type: 'ConfigMap', configMapRef: { name: 'keys', key: 'jwks.json' } } }),
    invalid: jwt({ jwks: { type: 'ConfigMap' } }),
  },
  {
    rule: needs('Secret', 'secretRef'),
    valid: jwt({ jwks: { type: 'Secret', secretRef: { name: 'keys', key: 'jwks.json' } } }),
    invalid: jwt({ jwks: { ...inline(rsa), secretRef: { name: 'keys', key: 'jwks.json' } } }),
  },
  {
    rule: needs('Remote', 'remote'),
    valid: jwt({ jwks: remote({ uri: 'https://id.example.com/jwks' }) }),
    invalid: jwt({ jwks: { type: 'Remote' } }),
  },
  {
    rule: needs('URI', 'uri'),
    valid: jwt({ jwks: remote({ type: 'URI', uri: 'https://id.example.com/jwks?v=1' }) }),
    invalid: jwt({ jwks: remote({}) }),
  },
  {
    rule: needs('Backend', 'backend'),
    valid: jwt({ jwks: remote({ type: 'Backend', backend: { backendRef: service, path: '/jwks' } }) }),
    invalid: jwt({
      jwks: remote({ uri: 'https://a.example', backend: { backendRef: service, path: '/jwks' } }),
    }),
  },
  {
    rule: 'keys are fetched over https only: change the scheme to https, or name a Service with type Backend',
    valid: jwt({ jwks: remote({ uri: 'https://id.example.com:8443/jwks' }) }),
    invalid: jwt({ jwks: remote({ uri: 'http://id.example.com/jwks' }) }),
  },
  {
    rule: 'a reference to a Service needs its port: add port',
    valid: jwt({ jwks: remote({ type: 'Backend', backend: { backendRef: service, path: '/' } }) }),
    invalid: jwt({ jwks: remote({ type: 'Backend', backend: { backendRef: { name: 'keys' }, path: '/' } }) }),
  },
  {
    rule: 'this is a private key: remove d and the other private members, publish only the public part',
    valid: jwt({ jwks: inline(rsa) }),
    invalid: jwt({ jwks: inline({ ...rsa, d: 'cHJpdmF0ZQ' }) }),
  },
  {
    rule: missingMembers('RSA', 'n, e'),
    valid: jwt({ jwks: inline(rsa) }),
    invalid: jwt({ jwks: inline({ kty: 'RSA', e: 'AQAB' }) }),
  },
  {
    rule: missingMembers('EC', 'crv, x, y'),
    valid: jwt({ jwks: inline({ kty: 'EC', crv: 'P-256', x: 'eA', y: 'eQ' }) }),
    invalid: jwt({ jwks: inline({ kty: 'EC', crv: 'P-256', x: 'eA' }) }),
  },
  {
    rule: missingMembers('OKP', 'crv, x'),
    valid: jwt({ jwks: inline({ kty: 'OKP', crv: 'Ed25519', x: 'eA' }) }),
    invalid: jwt({ jwks: inline({ kty: 'OKP', x: 'eA' }) }),
  },
  {
    rule: 'must be at most 5m: correct the clocks instead',
    valid: jwt({ clockSkew: '5m' }),
    invalid: jwt({ clockSkew: '5m1ms' }),
  },
  {
    rule: 'this header belongs to the connection or the framing of the message: choose another, such as x-user',
    valid: jwt({ claimsToHeaders: [{ claim: 'sub', header: 'x-user' }] }),
    invalid: jwt({ claimsToHeaders: [{ claim: 'sub', header: 'Content-Length' }] }),
  },
  {
    rule: 'two entries name the same header (upper and lower case are one): remove one',
    valid: jwt({
      claimsToHeaders: [
        { claim: 'sub', header: 'x-user' },
        { claim: 'sub', header: 'x-id' },
      ],
    }),
    invalid: jwt({
      claimsToHeaders: [
        { claim: 'sub', header: 'x-user' },
        { claim: 'id', header: 'X-User' },
      ],
    }),
  },
];

const limitTargets = (...targetRefs: readonly Json[]): Json =>
  manifest('RateLimitPolicy', { targetRefs, rules: [rule] });

const rateLimitPolicyRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: wholeAndPart,
    valid: limitTargets(...sections),
    invalid: limitTargets({ ...shop, sectionName: 'read' }, shop),
  },
  {
    rule: namedTwice,
    valid: limitTargets(shop, { ...shop, name: 'cart' }),
    invalid: limitTargets({ ...shop, sectionName: 'read' }, { ...shop, sectionName: 'read' }),
  },
  {
    rule: onePlace,
    valid: manifest('RateLimitPolicy', {
      targetRefs: [shop],
      defaults: { strategy: 'Merge', rules: [rule] },
    }),
    invalid: manifest('RateLimitPolicy', { targetRefs: [shop], rules: [rule], overrides: { rules: [rule] } }),
  },
  {
    rule: needs('Header', 'header'),
    valid: limits({ key: { type: 'Header', header: { name: 'x-tenant' } } }),
    invalid: limits({ key: { type: 'Header' } }),
  },
  {
    rule: needs('Claim', 'claim'),
    valid: limits({ key: { type: 'Claim', claim: { name: 'org.id' }, onUnknownKey: 'Refuse' } }),
    invalid: limits({ key: { type: 'ClientAddress', claim: { name: 'sub' } } }),
  },
  {
    rule: 'must be from 1s to 8760h (a year)',
    valid: limit({ window: '8760h' }),
    invalid: limit({ window: '999ms' }),
  },
];

/** One for each rule of each CRD. */
export const ruleCases: readonly RuleCase[] = [
  ...authPolicyRules.map((one) => ({ kind: 'AuthPolicy' as const, ...one })),
  ...rateLimitPolicyRules.map((one) => ({ kind: 'RateLimitPolicy' as const, ...one })),
  ...trafficPolicyRules.map((one) => ({ kind: 'TrafficPolicy' as const, ...one })),
  ...clientPolicyRules.map((one) => ({ kind: 'ClientPolicy' as const, ...one })),
  ...gatewayParametersRules.map((one) => ({ kind: 'GatewayParameters' as const, ...one })),
];

const issuer = 'spec.rules.authenticate[0].jwt.issuer';

/** Some of what types, enums, patterns and bounds refuse. */
export const schemaCases: readonly SchemaCase[] = [
  { kind: 'AuthPolicy', what: 'a missing field', path: issuer, invalid: jwt({ issuer: null }) },
  { kind: 'AuthPolicy', what: 'a wrong type', path: issuer, invalid: jwt({ issuer: 1 }) },
  {
    kind: 'AuthPolicy',
    what: 'a target of another kind',
    path: 'spec.targetRefs[0].kind',
    invalid: targets({ ...shop, kind: 'Service' }),
  },
  {
    kind: 'AuthPolicy',
    what: 'two ways with one name',
    path: 'spec.rules.authenticate[1]',
    invalid: auth(way({}), way({})),
  },
  {
    kind: 'AuthPolicy',
    what: 'a symmetric key',
    path: 'spec.rules.authenticate[0].jwt.jwks.inline.keys[0].kty',
    invalid: jwt({ jwks: inline({ kty: 'oct', k: 'c2VjcmV0' }) }),
  },
  {
    kind: 'AuthPolicy',
    what: 'an address with a user in it',
    path: 'spec.rules.authenticate[0].jwt.jwks.remote.uri',
    invalid: jwt({ jwks: remote({ uri: 'https://me@id.example.com/jwks' }) }),
  },
  {
    kind: 'AuthPolicy',
    what: 'too many targets',
    path: 'spec.targetRefs',
    invalid: targets(...Array.from({ length: 17 }, (_, index) => ({ ...shop, name: `route-${index}` }))),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'an unknown word of an enum',
    path: 'spec.rules[0].mode',
    invalid: limits({ mode: 'enforce' }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a number too small',
    path: 'spec.rules[0].limits[0].requests',
    invalid: limit({ requests: 0 }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a broken number',
    path: 'spec.rules[0].limits[0].burst',
    invalid: limit({ burst: 1.5 }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a duration without unit',
    path: 'spec.rules[0].limits[0].window',
    invalid: limit({ window: '60' }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a name that is none',
    path: 'spec.rules[0].name',
    invalid: limits({ name: 'Per Client' }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'an empty list',
    path: 'spec.rules[0].limits',
    invalid: limits({ limits: [] }),
  },
  ...gatewayParametersSchemaCases,
  ...trafficPolicySchemaCases,
  ...clientPolicySchemaCases,
];
