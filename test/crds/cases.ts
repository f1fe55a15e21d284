// For each rule of our CRDs an object that keeps it and one that breaks it: the decoder is tested with them here, a
// real API server in e2e/crds.test.ts, and both must say the same.
import type { OwnKind } from '#crds/definition.ts';

type Json = Readonly<Record<string, unknown>>;

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

function manifest(kind: OwnKind, spec: Json): Json {
  return {
    apiVersion: 'turnpike.dev/v1alpha1',
    kind,
    metadata: { name: 'case', namespace: 'default' },
    spec,
  };
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

function parameters(spec: Json): Json {
  return manifest('GatewayParameters', spec);
}

const rule = { name: 'per-client', limits: [minute] };

function needs(type: string, field: string): string {
  return `type ${type} needs the field ${field} and no other type may have it: add ${field}, remove it, or change type`;
}

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

const gatewayParametersRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: needs('Redis', 'redis'),
    valid: parameters({
      rateLimitStore: { type: 'Redis', redis: { secretRef: { name: 'redis', key: 'url' } } },
    }),
    invalid: parameters({ rateLimitStore: { type: 'Redis' } }),
  },
  {
    rule: 'replicas and autoscaling exclude each other: remove one of them',
    valid: parameters({ replicas: 3 }),
    invalid: parameters({ replicas: 3, autoscaling: { maxReplicas: 5 } }),
  },
  {
    rule: 'a DaemonSet has one data plane on each node: remove replicas and autoscaling',
    valid: parameters({ workload: { type: 'DaemonSet' } }),
    invalid: parameters({ workload: { type: 'DaemonSet' }, replicas: 3 }),
  },
  {
    rule: 'minReplicas is more than maxReplicas: lower it, or raise maxReplicas',
    valid: parameters({ autoscaling: { minReplicas: 5, maxReplicas: 5 } }),
    invalid: parameters({ autoscaling: { minReplicas: 6, maxReplicas: 5 } }),
  },
  {
    rule: needs('CPU', 'cpu'),
    valid: parameters({
      autoscaling: { maxReplicas: 5, targets: [{ type: 'CPU', cpu: { averageValue: '600m' } }] },
    }),
    invalid: parameters({ autoscaling: { maxReplicas: 5, targets: [{ type: 'CPU' }] } }),
  },
  {
    rule: needs('Memory', 'memory'),
    valid: parameters({
      autoscaling: { maxReplicas: 5, targets: [{ type: 'Memory', memory: { averageValue: '300Mi' } }] },
    }),
    invalid: parameters({ autoscaling: { maxReplicas: 5, targets: [{ type: 'Memory' }] } }),
  },
  {
    rule: needs('MaxUnavailable', 'maxUnavailable'),
    valid: parameters({ podDisruptionBudget: { type: 'MaxUnavailable', maxUnavailable: '25%' } }),
    invalid: parameters({ podDisruptionBudget: { type: 'MaxUnavailable' } }),
  },
  {
    rule: needs('MinAvailable', 'minAvailable'),
    valid: parameters({ podDisruptionBudget: { type: 'MinAvailable', minAvailable: '2' } }),
    invalid: parameters({ podDisruptionBudget: { type: 'Unlimited', minAvailable: '2' } }),
  },
  {
    rule: 'must be at most 10m',
    valid: parameters({ drain: { accept: '30s', deadline: '5m' } }),
    invalid: parameters({ drain: { accept: '11m' } }),
  },
  {
    rule: 'must be at most 1h',
    valid: parameters({ drain: { deadline: '1h' } }),
    invalid: parameters({ drain: { deadline: '2h' } }),
  },
];

/** One for each rule of each CRD. */
export const ruleCases: readonly RuleCase[] = [
  ...authPolicyRules.map((one) => ({ kind: 'AuthPolicy' as const, ...one })),
  ...rateLimitPolicyRules.map((one) => ({ kind: 'RateLimitPolicy' as const, ...one })),
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
  {
    kind: 'GatewayParameters',
    what: 'a value twice in a set',
    path: 'spec.requirePolicies[1]',
    invalid: parameters({ requirePolicies: ['AuthPolicy', 'AuthPolicy'] }),
  },
  {
    kind: 'GatewayParameters',
    what: 'a quantity that is none',
    path: 'spec.resources.limits.memory',
    invalid: parameters({ resources: { limits: { memory: '1 GB' } } }),
  },
  {
    kind: 'GatewayParameters',
    what: 'a network that is none',
    path: 'spec.service.loadBalancerSourceRanges[0]',
    invalid: parameters({ service: { loadBalancerSourceRanges: ['10.0.0.1'] } }),
  },
  {
    kind: 'GatewayParameters',
    what: 'a pod template patch that is none',
    path: 'spec.podTemplatePatch.spec',
    invalid: parameters({ podTemplatePatch: { spec: 'hostNetwork' } }),
  },
];
