import type { RuleCase, SchemaCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';

const gatewayApi = 'gateway.networking.k8s.io';
const shop = { group: gatewayApi, kind: 'HTTPRoute', name: 'shop' };
const edge = { group: gatewayApi, kind: 'Gateway', name: 'edge' };
const cart = { group: '', kind: 'Service', name: 'cart' };
const timeouts = { request: '10s', backendRequest: '2s' };

function policy(spec: Json): Json {
  return manifest('TrafficPolicy', { targetRefs: [shop], ...spec });
}

function hashed(consistentHash: Json): Json {
  return policy({ balance: { type: 'ConsistentHash', consistentHash } });
}

/** What is asked of targets. */
const targetRules = [
  {
    rule: 'a Service has the empty group, and all other kinds gateway.networking.k8s.io: correct group',
    valid: policy({ targetRefs: [cart, edge], timeouts: { head: '1s' } }),
    invalid: policy({ targetRefs: [{ ...cart, group: gatewayApi }], timeouts: { head: '1s' } }),
  },
  {
    rule: 'one target is named both whole and by sectionName: give each of its entries a sectionName, or keep the whole one alone',
    valid: policy({
      targetRefs: [{ ...shop, sectionName: 'a' }, { ...shop, sectionName: 'b' }, edge],
      timeouts,
    }),
    invalid: policy({ targetRefs: [shop, { ...shop, sectionName: 'a' }], timeouts }),
  },
  {
    rule: 'a target is named twice: remove one of the two entries',
    valid: policy({ targetRefs: [shop, edge], timeouts }),
    invalid: policy({ targetRefs: [shop, shop], timeouts }),
  },
] as const;

export const trafficPolicyRules: readonly Omit<RuleCase, 'kind'>[] = [
  ...targetRules,
  {
    rule: 'settings must stand in exactly one place, in spec itself, in defaults or in overrides: move all of them there',
    valid: policy({ defaults: { timeouts } }),
    invalid: policy({ timeouts, overrides: { strategy: 'Merge', timeouts } }),
  },
  {
    rule: 'nothing is set: add a setting',
    valid: policy({ overrides: { timeouts } }),
    invalid: policy({ defaults: { strategy: 'Merge' } }),
  },
  {
    rule: 'timeouts.request and maxBodyBytes are for routes and Gateways, not for a Service: move them into a policy of their own',
    valid: policy({ targetRefs: [cart], defaults: { timeouts: { backendRequest: '1s' } } }),
    invalid: policy({ targetRefs: [shop, cart], defaults: { timeouts } }),
  },
  {
    rule: 'backendRequest must not be longer than request: shorten it, or lengthen request',
    valid: policy({ timeouts: { request: '0s', backendRequest: '1h' } }),
    invalid: policy({ timeouts: { request: '1s', backendRequest: '2s' } }),
  },
  {
    rule: 'must be longer than 0s',
    valid: policy({
      hedge: { delay: '50ms' },
      proxyProtocol: 'V1',
      connection: { connectTimeout: '10ms', idleTimeout: '1m', maxAge: '0s', maxRequests: 0 },
    }),
    invalid: policy({ connection: { connectTimeout: '0s' } }),
  },
  {
    rule: 'a cookie of lifetimeType Permanent needs absoluteTimeout: add it',
    valid: policy({
      sessionPersistence: { type: 'Cookie', cookie: { lifetimeType: 'Permanent' }, absoluteTimeout: '24h' },
    }),
    invalid: policy({ sessionPersistence: { type: 'Cookie', cookie: { lifetimeType: 'Permanent' } } }),
  },
  {
    rule: needs('Cookie', 'cookie'),
    valid: policy({ sessionPersistence: { type: 'Cookie', cookie: { name: 'at', path: '/shop' } } }),
    invalid: policy({ sessionPersistence: { type: 'Header', header: { name: 'a' }, cookie: {} } }),
  },
  {
    rule: 'this header belongs to the connection or the framing of the message: choose another, such as x-user',
    valid: policy({
      sessionPersistence: { type: 'Header', header: { name: 'X-Session' }, idleTimeout: '5m' },
    }),
    invalid: policy({ sessionPersistence: { type: 'Header', header: { name: 'Transfer-Encoding' } } }),
  },
  {
    rule: 'must be at most 1h',
    valid: policy({ slowStart: { window: '1h' } }),
    invalid: policy({ slowStart: { window: '61m' } }),
  },
  {
    rule: needs('ConsistentHash', 'consistentHash'),
    valid: policy({ balance: { type: 'ConsistentHash', consistentHash: { type: 'ClientAddress' } } }),
    invalid: policy({ balance: { type: 'RoundRobin', consistentHash: { type: 'ClientAddress' } } }),
  },
  {
    rule: needs('Header', 'header'),
    valid: hashed({ type: 'Header', header: { name: 'X-Tenant' } }),
    invalid: hashed({ type: 'Header' }),
  },
  {
    rule: needs('Cookie', 'cookie'),
    valid: hashed({ type: 'Cookie', cookie: { name: 'session' } }),
    invalid: hashed({ type: 'ClientAddress', cookie: { name: 'session' } }),
  },
  {
    rule: needs('HTTP', 'http'),
    valid: policy({
      healthCheck: { type: 'HTTP', http: { path: '/healthz', host: 'a:80', codes: [200, 204] } },
    }),
    invalid: policy({ healthCheck: { type: 'HTTP' } }),
  },
  {
    rule: needs('GRPC', 'grpc'),
    valid: policy({ healthCheck: { type: 'GRPC', grpc: { service: 'shop.Cart' }, unhealthyAfter: 5 } }),
    invalid: policy({ healthCheck: { type: 'TCP', grpc: {} } }),
  },
  {
    rule: 'timeout (1s if left out) must not be longer than interval (5s if left out): shorten it, or lengthen interval',
    valid: policy({ healthCheck: { type: 'TCP', timeout: '5s' } }),
    invalid: policy({ healthCheck: { type: 'TCP', interval: '500ms' } }),
  },
];

/** Some of what types, enums, patterns and bounds refuse. */
export const trafficPolicySchemaCases: readonly SchemaCase[] = [
  {
    kind: 'TrafficPolicy',
    what: 'no target',
    path: 'spec.targetRefs',
    invalid: policy({ targetRefs: [], timeouts }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'a target of a kind that has no traffic',
    path: 'spec.targetRefs[0].kind',
    invalid: policy({ targetRefs: [{ group: '', kind: 'Secret', name: 'a' }], timeouts }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'a duration that is none',
    path: 'spec.timeouts.head',
    invalid: policy({ timeouts: { head: 'soon' } }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'an amount that is none',
    path: 'spec.maxBodyBytes',
    invalid: policy({ maxBodyBytes: '10 MB' }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'a version of the PROXY protocol that there is not',
    path: 'spec.proxyProtocol',
    invalid: policy({ proxyProtocol: 'V3' }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'a retry for what is no failure',
    path: 'spec.retry.codes[0]',
    invalid: policy({ retry: { attempts: 1, codes: [200] } }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'a retry without attempts',
    path: 'spec.retry.attempts',
    invalid: policy({ retry: { codes: [503] } }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'more percent than there are',
    path: 'spec.outlierDetection.maxEjectedPercent',
    invalid: policy({ outlierDetection: { maxEjectedPercent: 101 } }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'a code twice',
    path: 'spec.retry.codes[1]',
    invalid: policy({ retry: { attempts: 1, codes: [503, 503] } }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'a retry for a call that did not fail',
    path: 'spec.retry.grpcCodes[1]',
    invalid: policy({ retry: { attempts: 1, grpcCodes: ['Unavailable', 'OK'] } }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'a path that would be another attribute of the cookie',
    path: 'spec.sessionPersistence.cookie.path',
    invalid: policy({ sessionPersistence: { type: 'Cookie', cookie: { path: '/; Domain=example.com' } } }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'a further attempt without a delay',
    path: 'spec.hedge.delay',
    invalid: policy({ hedge: { attempts: 1 } }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'further attempts without end',
    path: 'spec.hedge.attempts',
    invalid: policy({ hedge: { delay: '50ms', attempts: 5 } }),
  },
];
