// For each rule of our CRDs an object that keeps it and one that breaks it: the decoder is tested with them here, a
// real API server in e2e/crds.test.ts, and both must say the same.
import type { OwnKind } from '#crds/definition.ts';
import { apiKeyRules, apiKeySchemaCases } from './api-key-cases.ts';
import { basicRules } from './basic-cases.ts';
import { clientCertificateRules } from './client-certificate-cases.ts';
import { clientPolicyRules, clientPolicySchemaCases } from './client-policy-cases.ts';
import { protectionPolicyRules, protectionPolicySchemaCases } from './protection-policy-cases.ts';
import { gatewayParametersRules, gatewayParametersSchemaCases } from './gateway-parameters-cases.ts';
import { authorizationRules, authorizationSchemaCases } from './authorization-cases.ts';
import { corsRules, corsSchemaCases } from './cors-cases.ts';
import { jwtRules, jwtSchemaCases, jwtWay } from './jwt-cases.ts';
import { externalAuthorizationRules } from './external-authorization-cases.ts';
import { httpSignatureRules } from './http-signature-cases.ts';
import { introspectionRules } from './introspection-cases.ts';
import { openIdConnectRules } from './open-id-connect-cases.ts';
import { manifest, needs, type Json } from './manifest.ts';
import { bitsBeyondLength, noNetwork } from './networks.ts';
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

function guarded(protection: Json): Json {
  return manifest('AuthPolicy', { targetRefs: [shop], rules: { authenticate: [jwtWay({})], protection } });
}

function targets(...targetRefs: readonly Json[]): Json {
  return manifest('AuthPolicy', { targetRefs, rules: { authenticate: [jwtWay({})] } });
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
const day = { period: 'Day' };

const namedTwice = 'a target is named twice: remove one of the two entries';
const wholeAndPart =
  'one target is named both whole and by sectionName: give each of its entries a sectionName, or keep the whole one alone';
const onePlace =
  'exactly one of rules, defaults and overrides must be set: add one, or move all rules into one of them and remove the others';

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
    valid: manifest('AuthPolicy', { overrides: { rules: { authenticate: [jwtWay({})] } } }),
    invalid: manifest('AuthPolicy', { targetRefs: [shop] }),
  },
  {
    rule: 'must be from 1s to 24h',
    valid: guarded({ failures: 5, accountFailures: 0, window: '1s', block: '24h' }),
    invalid: guarded({ window: '24h1s' }),
  },
  ...authorizationRules,
  ...corsRules,
  ...jwtRules,
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
    rule: needs('Cookie', 'cookie'),
    valid: limits({ key: { type: 'Cookie', cookie: { name: 'device' }, onUnknownKey: 'Skip' } }),
    invalid: limits({ key: { type: 'Consumer', cookie: { name: 'device' } } }),
  },
  {
    rule: 'clientAddress is for type ClientAddress: set type to ClientAddress, or remove it',
    valid: limits({ key: { type: 'ClientAddress', clientAddress: { ipv4Prefix: 24 } } }),
    invalid: limits({ key: { type: 'Route', clientAddress: { ipv4Prefix: 24 } } }),
  },
  {
    rule: needs('Claim', 'claim'),
    valid: limits({ key: { type: 'Claim', claim: { name: 'org.id' }, onUnknownKey: 'Refuse' } }),
    invalid: limits({ key: { type: 'ClientAddress', claim: { name: 'sub' } } }),
  },
  {
    rule: needs('Expressions', 'expressions'),
    valid: limits({ when: 'true', key: { type: 'Expressions', expressions: ['auth.subject'] } }),
    invalid: limits({ key: { type: 'Expressions' } }),
  },
  {
    rule: noNetwork,
    valid: limits({ exempt: { addresses: ['10.0.0.0/8'], consumers: ['reports', 'shop/reports'] } }),
    invalid: limits({ exempt: { addresses: ['10.0.0/8'] } }),
  },
  {
    rule: bitsBeyondLength,
    valid: limits({ exempt: { addresses: ['2001:db8::/32'] } }),
    invalid: limits({ exempt: { addresses: ['10.0.0.1/8'] } }),
  },
  {
    rule: 'must be from 1s to 8760h (a year)',
    valid: limit({ window: '8760h' }),
    invalid: limit({ window: '999ms' }),
  },
  {
    rule: 'exactly one of window and calendar must be set: add window, or remove one of the two',
    valid: limits({ limits: [{ name: 'day', requests: 1, algorithm: 'FixedWindow', calendar: day }] }),
    invalid: limits({ limits: [{ name: 'day', requests: 1 }] }),
  },
  {
    rule: 'calendar is for FixedWindow: set algorithm to FixedWindow, or write window in its place',
    valid: limits({
      limits: [{ name: 'day', requests: 1, algorithm: 'FixedWindow', calendar: { ...day, timeZone: 'UTC' } }],
    }),
    invalid: limits({ limits: [{ name: 'day', requests: 1, calendar: day }] }),
  },
  {
    rule: 'burst is for TokenBucket: remove it, or set algorithm to TokenBucket',
    valid: limit({ burst: 1 }),
    invalid: limit({ burst: 1, algorithm: 'FixedWindow' }),
  },
  {
    rule: 'Concurrency limits what is under way at a time: remove window, or set another algorithm',
    valid: limits({ limits: [{ name: 'at-a-time', requests: 1, algorithm: 'Concurrency' }] }),
    invalid: limit({ algorithm: 'Concurrency' }),
  },
  {
    rule: 'queue is for LeakyBucket: remove it, or set algorithm to LeakyBucket',
    valid: limit({ queue: 1, algorithm: 'LeakyBucket' }),
    invalid: limit({ queue: 1 }),
  },
  {
    rule: 'the last of the queue would wait longer than 1m: make queue smaller, or window shorter',
    valid: limit({ algorithm: 'LeakyBucket' }),
    invalid: limit({ algorithm: 'LeakyBucket', queue: 101 }),
  },
];

/** One for each rule of each CRD. */
export const ruleCases: readonly RuleCase[] = [
  ...apiKeyRules,
  ...[
    ...authPolicyRules,
    ...clientCertificateRules,
    ...basicRules,
    ...httpSignatureRules,
    ...introspectionRules,
    ...openIdConnectRules,
    ...externalAuthorizationRules,
  ].map((one) => ({
    kind: 'AuthPolicy' as const,
    ...one,
  })),
  ...rateLimitPolicyRules.map((one) => ({ kind: 'RateLimitPolicy' as const, ...one })),
  ...trafficPolicyRules.map((one) => ({ kind: 'TrafficPolicy' as const, ...one })),
  ...clientPolicyRules.map((one) => ({ kind: 'ClientPolicy' as const, ...one })),
  ...protectionPolicyRules.map((one) => ({ kind: 'ProtectionPolicy' as const, ...one })),
  ...gatewayParametersRules.map((one) => ({ kind: 'GatewayParameters' as const, ...one })),
];

/** Some of what types, enums, patterns and bounds refuse. */
export const schemaCases: readonly SchemaCase[] = [
  ...apiKeySchemaCases,
  ...protectionPolicySchemaCases,
  {
    kind: 'AuthPolicy',
    what: 'a target of another kind',
    path: 'spec.targetRefs[0].kind',
    invalid: targets({ ...shop, kind: 'Service' }),
  },
  {
    kind: 'AuthPolicy',
    what: 'too many targets',
    path: 'spec.targetRefs',
    invalid: targets(...Array.from({ length: 17 }, (_, index) => ({ ...shop, name: `route-${index}` }))),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'an algorithm that there is not',
    path: 'spec.rules[0].limits[0].algorithm',
    invalid: limit({ algorithm: 'Fixed' }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a time zone that cannot be one',
    path: 'spec.rules[0].limits[0].calendar.timeZone',
    invalid: limit({ calendar: { ...day, timeZone: '+02:00' } }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a Consumer that cannot be one',
    path: 'spec.rules[0].exempt.consumers[0]',
    invalid: limits({ exempt: { consumers: ['a/b/c'] } }),
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
  ...authorizationSchemaCases,
  ...corsSchemaCases,
  ...jwtSchemaCases,
  ...gatewayParametersSchemaCases,
  ...trafficPolicySchemaCases,
  ...clientPolicySchemaCases,
];
