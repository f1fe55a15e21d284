// Three hundred objects and more that something is wrong with, each by its name. None is called as a good one is, and
// of good ones they name at most the Gateways shop/edge and shop/open, and Service shop/cart.
import { kinds } from '#crds/kind.ts';
import { badObjectsBeyondHttp } from './bad-objects-beyond-http.ts';
import { hostnames, http, listeners, many, metadata, references, regexes } from './bad-values.ts';
import type { BadObject, Manifest } from './bad-values.ts';

const group = 'gateway.networking.k8s.io';
const edge = { name: 'edge' };

function route(spec: object): Manifest {
  return { kind: 'HTTPRoute', metadata, spec: { parentRefs: [edge], ...spec } };
}

const toCart = { backendRefs: [{ name: 'cart', port: 80 }] };
const rule = (fields: object): Manifest => route({ rules: [{ ...toCart, ...fields }] });

function gateway(listeners: readonly object[], spec: object = {}): Manifest {
  return { kind: 'Gateway', metadata, spec: { gatewayClassName: 'turnpike', listeners, ...spec } };
}

function ofHostnames(): readonly BadObject[] {
  return Object.entries(hostnames).flatMap(([what, hostname]): readonly BadObject[] => [
    [`HTTPRoute with a hostname that is ${what}`, route({ hostnames: [hostname], rules: [toCart] })],
    [`Gateway with a listener's hostname that is ${what}`, gateway([{ ...http, hostname }])],
    [`HTTPRoute that rewrites to ${what}`, rule({ filters: [{ type: 'URLRewrite', urlRewrite: { hostname } }] })],
    [`Ingress for a host that is ${what}`, ingress({ rules: [{ host: hostname, http: { paths: [toBackend('cart')] } }] })],
  ]); // prettier-ignore
}

function ofRegexes(): readonly BadObject[] {
  const type = 'RegularExpression';
  return Object.entries(regexes).flatMap(([what, value]): readonly BadObject[] => [
    [`path by an expression that is ${what}`, rule({ matches: [{ path: { type, value } }] })],
    [
      `header by an expression that is ${what}`,
      rule({ matches: [{ headers: [{ type, name: 'x', value }] }] }),
    ],
    [
      `query by an expression that is ${what}`,
      rule({ matches: [{ queryParams: [{ type, name: 'x', value }] }] }),
    ],
  ]);
}

function ofReferences(): readonly BadObject[] {
  return Object.entries(references).flatMap(([what, reference]): readonly BadObject[] => [
    [`backend: ${what}`, route({ rules: [{ backendRefs: [reference] }] })],
    [`mirror: ${what}`, rule({ filters: [{ type: 'RequestMirror', requestMirror: { backendRef: reference } }] })],
    [`service to be asked: ${what}`, rule({ filters: [{ type: 'ExternalAuth', externalAuth: { protocol: 'HTTP', backendRef: reference } }] })],
  ]); // prettier-ignore
}

function ofListeners(): readonly BadObject[] {
  return Object.entries(listeners).flatMap(([what, all]): readonly BadObject[] => [
    [`Gateway with listeners ${what}`, gateway(all)],
    [`ListenerSet with listeners ${what}`, { kind: 'ListenerSet', metadata, spec: { parentRef: { name: 'none' }, listeners: all } }],
    [`ListenerSet of a Gateway that takes none, with listeners ${what}`, { kind: 'ListenerSet', metadata, spec: { parentRef: edge, listeners: all } }],
  ]); // prettier-ignore
}

function ofSize(): readonly BadObject[] {
  return [
    ['a thousand rules', route({ rules: many(1_000, (index) => ({ ...toCart, matches: [{ path: { value: `/${index}` } }] })) })],
    ['a thousand matches', rule({ matches: many(1_000, (index) => ({ path: { value: `/${index}` } })) })],
    ['64 matches of 16 headers', rule({ matches: many(64, (at) => ({ headers: many(16, (index) => ({ name: `x-${index}`, value: `${at}` })) })) })],
    ['a thousand hostnames', route({ hostnames: many(1_000, (index) => `h${index}.example.com`), rules: [toCart] })],
    ['a thousand backends', route({ rules: [{ backendRefs: many(1_000, (index) => ({ name: `s${index}`, port: 80 })) }] })],
    ['a thousand parents', route({ parentRefs: many(1_000, (index) => ({ name: `g${index}` })), rules: [toCart] })],
    ['a thousand filters', rule({ filters: many(1_000, () => ({ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x', value: 'y' }] } })) })],
    ['a header of a megabyte', rule({ filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x', value: 'y'.repeat(1 << 20) }] } }] })],
    ['a path of a megabyte', rule({ matches: [{ path: { value: `/${'a'.repeat(1 << 20)}` } }] })],
    ['ten thousand endpoints', { kind: 'EndpointSlice', metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'bad' } }, addressType: 'IPv4', ports: [{ port: 80 }], endpoints: many(10_000, (index) => ({ addresses: [`10.0.${index >> 8}.${index & 255}`] })) }],
    ['ten thousand lines of a list', { kind: 'ConfigMap', metadata, data: { list: many(10_000, (index) => `10.0.${index >> 8}.${index & 255}`).join('\n') } }],
    ['a thousand ports', { kind: 'Service', metadata, spec: { ports: many(1_000, (index) => ({ name: `p${index}`, port: index + 1 })) } }],
  ]; // prettier-ignore
}

const toBackend = (name: string): object => ({
  path: '/bad',
  pathType: 'Prefix',
  backend: { service: { name, port: { number: 80 } } },
});

function ingress(spec: object): Manifest {
  return { kind: 'Ingress', metadata, spec: { ingressClassName: 'good', ...spec } };
}

const targets = [{ group, kind: 'HTTPRoute', name: 'none' }];

/** Policies that name nothing that there is, and are wrong besides. */
function ofPolicies(): readonly BadObject[] {
  const jwt = (jwks: object): object => ({
    rules: { authenticate: [{ name: 'a', type: 'JWT', jwt: { issuer: 'i', jwks } }] },
  });
  const limit = (fields: object): object => ({
    rules: [{ name: 'a', limits: [{ name: 'l', requests: 1, window: '1s', ...fields }] }],
  });
  const specs: readonly (readonly [kind: string, what: string, spec: object])[] = [
    ['AuthPolicy', 'keys that do not exist', jwt({ type: 'Secret', secretRef: { name: 'none', key: 'k' } })],
    ['AuthPolicy', 'keys by an address that is none', jwt({ type: 'Uri', uri: 'nowhere' })],
    ['AuthPolicy', 'keys inside of the machine', jwt({ type: 'Uri', uri: 'https://127.0.0.1/jwks' })],
    ['AuthPolicy', 'no way in', { rules: { authenticate: [] } }],
    ['AuthPolicy', 'an unknown way in', { rules: { authenticate: [{ name: 'a', type: 'Magic' }] } }],
    ['AuthPolicy', 'an expression that cannot be', { rules: { authorize: [{ name: 'a', expression: '1 +' }] } }],
    ['RateLimitPolicy', 'a window that is none', limit({ window: 'soon' })],
    ['RateLimitPolicy', 'no requests', limit({ requests: 0 })],
    ['RateLimitPolicy', 'requests below zero', limit({ requests: -1 })],
    ['RateLimitPolicy', 'two rules of one name', { rules: [{ name: 'a', limits: [] }, { name: 'a', limits: [] }] }],
    ['RateLimitPolicy', 'a time zone that there is not', limit({ timeZone: 'Nowhere/City' })],
    ['TrafficPolicy', 'time-outs without end', { timeouts: { request: '99999h' } }],
    ['TrafficPolicy', 'a time-out that is none', { timeouts: { request: 'soon' } }],
    ['TrafficPolicy', 'retries without end', { retry: { attempts: 1e9 } }],
    ['ClientPolicy', 'TLS from version 9', { tls: { minVersion: '9' } }],
    ['ProtectionPolicy', 'a pattern that is none', { bots: { rules: [{ name: 'a', userAgent: '(' }] } }],
    ['BackendTLSPolicy', 'authorities that do not exist', { validation: { hostname: 'a.example.com', caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'none' }] } }],
    ['BackendTLSPolicy', 'a hostname that is none', { validation: { hostname: '*', wellKnownCACertificates: 'System' } }],
  ]; // prettier-ignore
  return specs.map(([kind, what, spec]) => [
    `${kind}: ${what}`,
    { kind, metadata, spec: { targetRefs: targets, ...spec } },
  ]);
}

/** What no API server would let in, of every kind that is read. */
function ofAllKinds(): readonly BadObject[] {
  const junk: Readonly<Record<string, object>> = {
    'without anything': {}, 'with a spec of null': { spec: null }, 'with a spec that is text': { spec: 'spec', data: 'data' }, 'with a spec that is a list': { spec: [[]], data: [[]] },
    'with names of prototypes': { spec: JSON.parse('{"__proto__": {"constructor": 1}, "constructor": {"prototype": 2}}') as object, data: { constructor: 'x' } },
    'with numbers for all': { spec: 7, data: 7, endpoints: 7, status: 7 },
  }; // prettier-ignore
  return Object.keys(kinds).flatMap((kind) =>
    Object.entries(junk).map(([what, fields]): BadObject => [
      `${kind} ${what}`,
      { kind, metadata, ...fields },
    ]),
  );
}

/** All of them, with names that no two share. */
export const badObjects: readonly BadObject[] = [
  ...ofHostnames(),
  ...ofRegexes(),
  ...ofReferences(),
  ...ofListeners(),
  ...ofSize(),
  ...ofPolicies(),
  ...badObjectsBeyondHttp(),
  ...ofAllKinds(),
];
