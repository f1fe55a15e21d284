// Three hundred objects and more that something is wrong with, each by its name. None is called as a good one is, and
// of good ones they name at most Gateway shop/edge and Service shop/cart.
import { kinds } from '#crds/kind.ts';

/** What is wrong, and the manifest; it may not even decode. */
export type BadObject = readonly [name: string, manifest: Manifest];

type Manifest = Readonly<Record<string, unknown>> & { readonly kind: string };

const group = 'gateway.networking.k8s.io';
const metadata = { name: 'bad', namespace: 'shop', creationTimestamp: '2024-01-01T00:00:00Z' };
const edge = { name: 'edge' };

function route(spec: object): Manifest {
  return { kind: 'HTTPRoute', metadata, spec: { parentRefs: [edge], ...spec } };
}

const toCart = { backendRefs: [{ name: 'cart', port: 80 }] };
const rule = (fields: object): Manifest => route({ rules: [{ ...toCart, ...fields }] });

function gateway(listeners: readonly object[], spec: object = {}): Manifest {
  return { kind: 'Gateway', metadata, spec: { gatewayClassName: 'turnpike', listeners, ...spec } };
}

const http = { name: 'one', protocol: 'HTTP', port: 80 };

const hostnames = {
  'no label': '', 'a dot': '.', 'two dots': 'a..example.com', 'a wildcard alone': '*', 'a wildcard in the middle': 'a.*.example.com',
  'two wildcards': '*.*.example.com', 'a wildcard in a label': 'a*.example.com', 'an IPv4 address': '10.0.0.1', 'an IPv6 address': '[::1]',
  'a port': 'a.example.com:80', 'upper case': 'A.EXAMPLE.COM', 'an underscore': 'a_b.example.com', 'a hyphen first': '-a.example.com',
  'a hyphen last': 'a-.example.com', 'a long label': `${'a'.repeat(64)}.example.com`, 'too long a name': `${'a.'.repeat(127)}com`,
  'a letter of another script': 'bücher.example.com', 'a line feed': 'a\nb.example.com', 'a NUL': 'a\0b', 'a space': 'a b.example.com',
  'a slash': 'a/b', 'markup': '<script>', 'a name of prototypes': '__proto__', 'a number': 7, 'an object': {}, 'null': null,
} as const; // prettier-ignore

const regexes = {
  'an open group': '(', 'an open class': '[', 'an open repetition': 'a{2', 'nothing to repeat': '*a', 'a look-behind': '(?<=a)b', 'a look-ahead': '(?=a)b',
  'a back-reference': '(a)\\1', 'nested repetition': '^(a+)+$', 'nested alternatives': '^(a|aa)+$', 'a repetition too often': 'a{1001}', 'repetitions of repetitions': '((a{100}){100}){100}',
  'an unknown class': '\\p{Nobody}', 'an unknown flag': '(?z)a', 'a NUL': 'a\0b', 'a name twice': '(?P<a>a)(?P<a>b)', 'a thousand groups': '(a)'.repeat(1_000),
  'a thousand parentheses': `${'('.repeat(1_000)}${')'.repeat(1_000)}`, 'too long': 'a'.repeat(5_000), 'nothing': '', 'an object': {},
} as const; // prettier-ignore

const references = {
  'a Service that does not exist': { name: 'none', port: 80 }, 'a port that does not exist': { name: 'cart', port: 81 }, 'no port': { name: 'cart' },
  'port 0': { name: 'cart', port: 0 }, 'port 65536': { name: 'cart', port: 65_536 }, 'a port that is no number': { name: 'cart', port: 'http' },
  'another namespace without a grant': { name: 'cart', namespace: 'office', port: 80 }, 'another kind': { kind: 'Secret', name: 'cart', port: 80 },
  'another group': { group: 'example.com', name: 'cart', port: 80 }, 'a name of prototypes': { name: 'constructor', port: 80 }, 'an empty name': { name: '', port: 80 },
  'a weight below zero': { name: 'cart', port: 80, weight: -1 }, 'a weight beyond all': { name: 'cart', port: 80, weight: 1e9 }, 'a path for a name': { name: '../cart', port: 80 },
  'null': null,
} as const; // prettier-ignore

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

const certificate = { certificateRefs: [{ name: 'none' }] };
const listeners: Readonly<Record<string, readonly object[]>> = {
  'none': [], 'of one name': [http, http], 'of one port and host': [http, { ...http, name: 'two' }], 'of two protocols on one port': [http, { ...http, name: 'two', protocol: 'HTTPS', tls: certificate }],
  'of TCP and HTTP on one port': [http, { ...http, name: 'two', protocol: 'TCP' }], 'of UDP twice on one port': [{ ...http, protocol: 'UDP' }, { ...http, name: 'two', protocol: 'UDP' }],
  'on port 0': [{ ...http, port: 0 }], 'on port 65536': [{ ...http, port: 65_536 }], 'on a port of ours': [{ ...http, port: 9_901 }], 'of an unknown protocol': [{ ...http, protocol: 'example.com/SPDY' }],
  'by TLS without certificate': [{ ...http, protocol: 'HTTPS' }], 'with a certificate that does not exist': [{ ...http, protocol: 'HTTPS', tls: certificate }],
  'with a certificate of another namespace': [{ ...http, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'none', namespace: 'office' }] } }],
  'with a certificate of another kind': [{ ...http, protocol: 'HTTPS', tls: { certificateRefs: [{ kind: 'ConfigMap', name: 'none' }] } }],
  'with a name beyond all': [{ ...http, name: 'a'.repeat(254) }], 'without a name': [{ protocol: 'HTTP', port: 80 }], 'for an unknown kind of routes': [{ ...http, allowedRoutes: { kinds: [{ kind: 'Nobody' }] } }],
  'for a selector of nothing': [{ ...http, allowedRoutes: { namespaces: { from: 'Selector' } } }], 'for a selector that cannot be': [{ ...http, allowedRoutes: { namespaces: { from: 'Selector', selector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } } } }],
  'in their hundreds': Array.from({ length: 500 }, (_, index) => ({ ...http, name: `l${index}`, hostname: `h${index}.example.com` })),
} as const; // prettier-ignore

function ofListeners(): readonly BadObject[] {
  return Object.entries(listeners).flatMap(([what, all]): readonly BadObject[] => [
    [`Gateway with listeners ${what}`, gateway(all)],
    [`ListenerSet with listeners ${what}`, { kind: 'ListenerSet', metadata, spec: { parentRef: { name: 'none' }, listeners: all } }],
    [`ListenerSet of a Gateway that takes none, with listeners ${what}`, { kind: 'ListenerSet', metadata, spec: { parentRef: edge, listeners: all } }],
  ]); // prettier-ignore
}

const many = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

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
  return { kind: 'Ingress', metadata, spec: { ingressClassName: 'none', ...spec } };
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
  ...ofAllKinds(),
];
