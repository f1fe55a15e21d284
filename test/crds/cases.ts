// For each rule of our CRDs an object that keeps it and one that breaks it: the decoder is tested with them here, a
// real API server in e2e/crds.test.ts, and both must say the same.
import type { OwnKind } from '#crds/definition.ts';
import { apiKeyRules, apiKeySchemaCases } from './api-key-cases.ts';
import { banRules, banSchemaCases } from './ban-cases.ts';
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
import { planRules, planSchemaCases } from './plan-cases.ts';
import { manifest, type Json } from './manifest.ts';
import { rateLimitPolicyRules, rateLimitPolicySchemaCases } from './rate-limit-policy-cases.ts';
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

const namedTwice = 'a target is named twice: remove one of the two entries';
const wholeAndPart =
  'one target is named both whole and by sectionName: give each of its entries a sectionName, or keep the whole one alone';
const groupOfIngress =
  'an Ingress has the group networking.k8s.io, and all other kinds gateway.networking.k8s.io: correct group';
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
    rule: groupOfIngress,
    valid: targets({ group: 'networking.k8s.io', kind: 'Ingress', name: 'shop' }),
    invalid: targets({ group, kind: 'Ingress', name: 'shop' }),
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

/** One for each rule of each CRD. */
export const ruleCases: readonly RuleCase[] = [
  ...apiKeyRules,
  ...banRules,
  ...planRules,
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
  ...banSchemaCases,
  ...planSchemaCases,
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
  ...rateLimitPolicySchemaCases,
  ...authorizationSchemaCases,
  ...corsSchemaCases,
  ...jwtSchemaCases,
  ...gatewayParametersSchemaCases,
  ...trafficPolicySchemaCases,
  ...clientPolicySchemaCases,
];
