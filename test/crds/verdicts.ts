// Objects of the kinds that others define, and whether an API server takes them: the decoder is tested with them here,
// a real API server in e2e/crds.test.ts.
import type { Kind } from '#crds/kind.ts';

type Json = Readonly<Record<string, unknown>>;

export interface VerdictCase {
  readonly kind: Kind;
  readonly what: string;
  readonly object: Json;
  /** Null: the object is taken. Else the paths that the decoder tells, such as `spec.rules[0]`. */
  readonly refused: readonly string[] | null;
}

const gatewayApi = 'gateway.networking.k8s.io/v1';

function object(apiVersion: string, kind: Kind, rest: Json): Json {
  const namespaced = kind !== 'GatewayClass' && kind !== 'Namespace';
  return {
    apiVersion,
    kind,
    metadata: { name: 'case', ...(namespaced ? { namespace: 'default' } : {}) },
    ...rest,
  };
}

function cases(
  kind: Kind,
  make: (value: never) => Json,
  table: readonly (readonly [what: string, value: unknown, ...refused: string[]])[],
): readonly VerdictCase[] {
  return table.map(([what, value, ...refused]) => ({
    kind,
    what,
    object: make(value as never),
    refused: refused.length === 0 ? null : refused,
  }));
}

const gateway = (spec: Json): Json =>
  object(gatewayApi, 'Gateway', {
    spec: {
      gatewayClassName: 'turnpike',
      listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }],
      ...spec,
    },
  });
const listeners = (list: readonly Json[]): Json => gateway({ listeners: list });
const listener = (fields: Json): Json => listeners([{ name: 'one', port: 80, protocol: 'HTTP', ...fields }]);
const addresses = (list: readonly Json[]): Json => gateway({ addresses: list });
const certificate = { certificateRefs: [{ name: 'certificate' }] };
const https = { name: 'one', port: 443, protocol: 'HTTPS', tls: certificate };

const gateways: readonly VerdictCase[] = [
  ...cases('Gateway', listener, [
    ['an HTTP listener', {}],
    ['a listener with a wildcard', { hostname: '*.example.com' }],
    ['a hostname with port', { hostname: 'example.com:80' }, 'spec.listeners[0].hostname'],
    ['a hostname in upper case', { hostname: 'Example.com' }, 'spec.listeners[0].hostname'],
    ['a wildcard in the middle', { hostname: 'a.*.com' }, 'spec.listeners[0].hostname'],
    ['an empty hostname', { hostname: '' }, 'spec.listeners[0].hostname', 'spec.listeners[0].hostname'],
    ['port 0', { port: 0 }, 'spec.listeners[0].port'],
    ['port 65536', { port: 65536 }, 'spec.listeners[0].port'],
    ['a port in quotes', { port: '80' }, 'spec.listeners[0].port'],
    ["a protocol of one's own", { protocol: 'example.com/Bar' }],
    ['a protocol that is no name', { protocol: 'HTTP/1.1!' }, 'spec.listeners[0].protocol'],
    ['an HTTP listener with tls', { tls: certificate }, 'spec.listeners'],
    ['an HTTPS listener without certificates', { protocol: 'HTTPS', tls: {} }, 'spec.listeners[0].tls'],
    ['an HTTPS listener without tls', { protocol: 'HTTPS' }],
    ['an HTTPS listener', { protocol: 'HTTPS', tls: certificate }],
    [
      'an HTTPS listener that passes through',
      { protocol: 'HTTPS', tls: { mode: 'Passthrough' } },
      'spec.listeners',
    ],
    ['a TLS listener without tls', { protocol: 'TLS' }, 'spec.listeners'],
    ['a TLS listener that passes through', { protocol: 'TLS', tls: { mode: 'Passthrough' } }],
    ['a TCP listener with a hostname', { protocol: 'TCP', hostname: 'a.example' }, 'spec.listeners'],
    ['options instead of certificates', { protocol: 'HTTPS', tls: { options: { 'a.example/b': 'c' } } }],
    ['allowedRoutes from All', { allowedRoutes: { namespaces: { from: 'All' } } }],
    ['allowedRoutes of a kind alone', { allowedRoutes: { kinds: [{ kind: 'HTTPRoute' }] } }],
    [
      'allowedRoutes by selector',
      { allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { a: 'b' } } } } },
    ],
    [
      'allowedRoutes from None',
      { allowedRoutes: { namespaces: { from: 'None' } } },
      'spec.listeners[0].allowedRoutes.namespaces.from',
    ],
    ['an unknown field', { hostnames: ['a.example'] }, 'spec.listeners[0].hostnames'],
    ['null where something may stand', { hostname: null, tls: null, allowedRoutes: null }],
  ]),
  ...cases('Gateway', listeners, [
    ['no listener', [], 'spec.listeners'],
    ['two listeners of one name', [https, { ...https, port: 8443 }], 'spec.listeners[1]'],
    ['two listeners at one place', [https, { ...https, name: 'two' }], 'spec.listeners'],
    ['two hosts at one port', [https, { ...https, name: 'two', hostname: 'a.example' }]],
    [
      '65 listeners',
      Array.from({ length: 65 }, (_, i) => ({ ...https, name: `l${i}`, port: i + 1 })),
      'spec.listeners',
    ],
  ]),
  ...cases('Gateway', addresses, [
    [
      'addresses',
      [
        { value: '192.0.2.1' },
        { type: 'IPAddress', value: '2001:db8::1' },
        { type: 'Hostname', value: 'a.example' },
      ],
    ],
    ['an address to be chosen', [{ type: 'IPAddress' }]],
    ['an address that is none', [{ value: 'a.example' }], 'spec.addresses[0]'],
    ['a host that is none', [{ type: 'Hostname', value: 'A b' }], 'spec.addresses[0]'],
    ['the same address twice', [{ value: '192.0.2.1' }, { value: '192.0.2.1' }], 'spec.addresses'],
    ['a named address', [{ type: 'NamedAddress', value: 'main' }]],
  ]),
  ...cases('Gateway', gateway, [
    ['no class', { gatewayClassName: null }, 'spec.gatewayClassName'],
    ['labels for what is made', { infrastructure: { labels: { 'example.com/team': 'edge' } } }],
    [
      'a label that is none',
      { infrastructure: { labels: { team: 'a b' } } },
      'spec.infrastructure.labels.team',
    ],
    [
      'an annotation whose key is none',
      { infrastructure: { annotations: { 'a b': 'c' } } },
      "spec.infrastructure.annotations['a b']",
    ],
    [
      'nine labels',
      { infrastructure: { labels: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`l${i}`, 'a'])) } },
      'spec.infrastructure.labels',
    ],
    [
      'parameters',
      { infrastructure: { parametersRef: { group: 'turnpike.dev', kind: 'GatewayParameters', name: 'p' } } },
    ],
    [
      'certificates of clients',
      {
        tls: {
          frontend: {
            default: { validation: { caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'ca' }] } },
          },
        },
      },
    ],
    ['listeners of others', { allowedListeners: { namespaces: { from: 'All' } } }],
  ]),
];

const route = (spec: Json): Json =>
  object(gatewayApi, 'HTTPRoute', { spec: { parentRefs: [{ name: 'edge' }], ...spec } });
const rule = (fields: Json): Json =>
  route({ rules: [{ backendRefs: [{ name: 'shop', port: 80 }], ...fields }] });
const bare = (fields: Json): Json => route({ rules: [fields] });
const path = (fields: Json): Json => rule({ matches: [{ path: fields }] });
const filter = (fields: Json): Json => bare({ filters: [fields] });
const parents = (list: readonly Json[]): Json => route({ parentRefs: list });
const backend = (fields: Json): Json => rule({ backendRefs: [{ name: 'shop', port: 80, ...fields }] });

const headers = {
  type: 'RequestHeaderModifier',
  requestHeaderModifier: { set: [{ name: 'x-a', value: 'b' }] },
};
const redirect = { type: 'RequestRedirect', requestRedirect: { scheme: 'https' } };
const rewrite = { type: 'URLRewrite', urlRewrite: { hostname: 'b.example' } };
const prefix = {
  type: 'URLRewrite',
  urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' } },
};
const redirectedPrefix = {
  type: 'RequestRedirect',
  requestRedirect: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' } },
};
const badPath = 'spec.rules[0].matches[0].path';
const firstFilter = 'spec.rules[0].filters[0]';

const routes: readonly VerdictCase[] = [
  ...cases('HTTPRoute', route, [
    ['the least', {}],
    ['no parents', { parentRefs: null }],
    ['no rules', { rules: [] }, 'spec.rules'],
    ['hostnames', { hostnames: ['a.example', '*.b.example'] }],
    ['an address as hostname with port', { hostnames: ['a.example:80'] }, 'spec.hostnames[0]'],
    ['17 hostnames', { hostnames: Array.from({ length: 17 }, (_, i) => `h${i}.example`) }, 'spec.hostnames'],
    ['17 rules', { rules: Array.from({ length: 17 }, () => ({})) }, 'spec.rules'],
    ['rules of one name', { rules: [{ name: 'a' }, { name: 'a' }] }, 'spec.rules'],
    ['rules with and without names', { rules: [{ name: 'a' }, { name: 'b' }, {}, {}] }],
    [
      '129 matches',
      {
        rules: [64, 64, 1].map((length) => ({
          matches: Array.from({ length }, (_, i) => ({ path: { value: `/${i}` } })),
        })),
      },
      'spec.rules',
    ],
  ]),
  ...cases('HTTPRoute', parents, [
    [
      'two listeners of a parent',
      [
        { name: 'a', sectionName: 'x' },
        { name: 'a', sectionName: 'y' },
      ],
    ],
    ['a parent whole and by listener', [{ name: 'a' }, { name: 'a', sectionName: 'y' }], 'spec.parentRefs'],
    ['a parent twice', [{ name: 'a' }, { name: 'a' }], 'spec.parentRefs'],
    ['two parents', [{ name: 'a' }, { name: 'a', namespace: 'b' }, { name: 'b', port: 80 }]],
    ['a parent without name', [{ namespace: 'a' }], 'spec.parentRefs[0].name'],
    ['a namespace that is none', [{ name: 'a', namespace: 'A' }], 'spec.parentRefs[0].namespace'],
  ]),
  ...cases('HTTPRoute', path, [
    ['an exact path', { type: 'Exact', value: '/a%20b' }],
    ['a path without value', { type: 'Exact' }],
    ['a regular expression', { type: 'RegularExpression', value: 'a//b' }],
    ['an unknown type', { type: 'Prefix', value: '/' }, `${badPath}.type`],
    ['a path without slash', { value: 'a' }, badPath],
    ['a path with //', { value: '/a//b' }, badPath],
    ['a path with /./', { value: '/a/./b' }, badPath],
    ['a path with /../', { value: '/a/../b' }, badPath],
    ['a path with %2f', { value: '/a%2fb' }, badPath],
    ['a path with %2F', { value: '/a%2Fb' }, badPath],
    ['a path with #', { value: '/a#b' }, badPath, badPath],
    ['a path that ends in /..', { value: '/a/..' }, badPath],
    ['a path that ends in /.', { value: '/a/.' }, badPath],
    ['a path with a space', { value: '/a b' }, badPath],
    ['a path with a broken escape', { value: '/a%2' }, badPath],
    ['a path too long', { value: `/${'a'.repeat(1024)}` }, `${badPath}.value`],
  ]),
  ...cases('HTTPRoute', rule, [
    ['a match by method alone', { matches: [{ method: 'GET' }] }],
    ['an unknown method', { matches: [{ method: 'get' }] }, 'spec.rules[0].matches[0].method'],
    [
      'a header and a query',
      { matches: [{ headers: [{ name: 'x-a', value: 'b' }], queryParams: [{ name: 'q', value: '1' }] }] },
    ],
    [
      'a header twice',
      {
        matches: [
          {
            headers: [
              { name: 'a', value: 'b' },
              { name: 'a', value: 'c' },
            ],
          },
        ],
      },
      'spec.rules[0].matches[0].headers[1]',
    ],
    [
      'a header name with a space',
      { matches: [{ headers: [{ name: 'a b', value: 'c' }] }] },
      'spec.rules[0].matches[0].headers[0].name',
    ],
    [
      'a header without value',
      { matches: [{ headers: [{ name: 'a' }] }] },
      'spec.rules[0].matches[0].headers[0].value',
    ],
    ['time-outs', { timeouts: { request: '10s', backendRequest: '2s500ms' } }],
    ['no time-out at all', { timeouts: { request: '0s', backendRequest: '2s' } }],
    [
      'a backend that may take longer',
      { timeouts: { request: '1s', backendRequest: '1001ms' } },
      'spec.rules[0].timeouts',
    ],
    ['a duration without unit', { timeouts: { request: '10' } }, 'spec.rules[0].timeouts.request'],
    ['a duration with a fraction', { timeouts: { request: '1.5s' } }, 'spec.rules[0].timeouts.request'],
    ['a redirect with backends', { filters: [redirect] }, 'spec.rules[0]'],
    ['a rewrite of the prefix', { filters: [prefix] }],
    [
      'a rewrite of an exact path as prefix',
      { matches: [{ path: { type: 'Exact', value: '/a' } }], filters: [prefix] },
      'spec.rules[0]',
    ],
    [
      'a rewrite of two prefixes',
      { matches: [{ path: { value: '/a' } }, { path: { value: '/b' } }], filters: [prefix] },
      'spec.rules[0]',
    ],
    ['an unknown field', { backends: [] }, 'spec.rules[0].backends'],
    ['no backends', { backendRefs: null }],
  ]),
  ...cases('HTTPRoute', backend, [
    ['a weight of 0', { weight: 0 }],
    ['a weight below 0', { weight: -1 }, 'spec.rules[0].backendRefs[0].weight'],
    ['a Service without port', { port: null }, 'spec.rules[0].backendRefs[0]'],
    ['another kind without port', { port: null, group: 'turnpike.dev', kind: 'Composition' }],
    ['a filter for one backend', { filters: [headers] }],
    [
      'a filter twice for one backend',
      { filters: [headers, headers] },
      'spec.rules[0].backendRefs[0].filters',
    ],
  ]),
  ...cases('HTTPRoute', filter, [
    ['a header filter', headers],
    ['a filter without its field', { type: 'RequestHeaderModifier' }, firstFilter],
    [
      'a filter with the field of another',
      { ...headers, type: 'ResponseHeaderModifier' },
      firstFilter,
      firstFilter,
    ],
    ['a filter of unknown type', { type: 'Teapot' }, `${firstFilter}.type`],
    [
      'a header set twice',
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: {
          set: [
            { name: 'a', value: 'b' },
            { name: 'a', value: 'c' },
          ],
        },
      },
      `${firstFilter}.requestHeaderModifier.set[1]`,
    ],
    [
      'a header removed twice',
      { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['a', 'a'] } },
      `${firstFilter}.requestHeaderModifier.remove[1]`,
    ],
    ['a redirect', redirect],
    [
      'a redirect with a status of its own',
      { type: 'RequestRedirect', requestRedirect: { statusCode: 308 } },
    ],
    [
      'a redirect that is none',
      { type: 'RequestRedirect', requestRedirect: { statusCode: 304 } },
      `${firstFilter}.requestRedirect.statusCode`,
    ],
    [
      'a redirect to a wildcard',
      { type: 'RequestRedirect', requestRedirect: { hostname: '*.example.com' } },
      `${firstFilter}.requestRedirect.hostname`,
    ],
    ['a redirect of the prefix', redirectedPrefix],
    [
      'a path without its type',
      { type: 'URLRewrite', urlRewrite: { path: { replaceFullPath: '/a' } } },
      `${firstFilter}.urlRewrite.path.type`,
    ],
    [
      'a path of another type',
      { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replacePrefixMatch: '/a' } } },
      `${firstFilter}.urlRewrite.path`,
      `${firstFilter}.urlRewrite.path`,
    ],
    [
      'a mirror',
      { type: 'RequestMirror', requestMirror: { backendRef: { name: 'a', port: 80 }, percent: 10 } },
    ],
    [
      'a mirror without port',
      { type: 'RequestMirror', requestMirror: { backendRef: { name: 'a' } } },
      `${firstFilter}.requestMirror.backendRef`,
    ],
    [
      'a mirror of two parts',
      {
        type: 'RequestMirror',
        requestMirror: { backendRef: { name: 'a', port: 80 }, percent: 10, fraction: { numerator: 1 } },
      },
      `${firstFilter}.requestMirror`,
    ],
    [
      'a mirror of more than all',
      {
        type: 'RequestMirror',
        requestMirror: { backendRef: { name: 'a', port: 80 }, fraction: { numerator: 101 } },
      },
      `${firstFilter}.requestMirror.fraction`,
    ],
    [
      'CORS',
      {
        type: 'CORS',
        cors: { allowOrigins: ['https://*.example.com', 'http://a.example:8080'], allowMethods: ['GET'] },
      },
    ],
    [
      'CORS for all and one',
      { type: 'CORS', cors: { allowOrigins: ['*', 'https://a.example'] } },
      `${firstFilter}.cors.allowOrigins`,
    ],
    [
      'CORS for what is no origin',
      { type: 'CORS', cors: { allowOrigins: ['a.example'] } },
      `${firstFilter}.cors.allowOrigins[0]`,
    ],
    [
      'an extension',
      { type: 'ExtensionRef', extensionRef: { group: 'turnpike.dev', kind: 'AuthPolicy', name: 'a' } },
    ],
  ]),
  ...cases('HTTPRoute', bare, [
    ['a redirect and a rewrite', { filters: [redirect, rewrite] }, 'spec.rules[0].filters'],
    ['two redirects', { filters: [redirect, redirect] }, 'spec.rules[0].filters'],
    ['two header filters', { filters: [headers, headers] }, 'spec.rules[0].filters'],
    [
      'header filters of both ways',
      { filters: [headers, { type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['a'] } }] },
    ],
    [
      'a redirected prefix of an exact path',
      { matches: [{ path: { type: 'Exact', value: '/a' } }], filters: [redirectedPrefix] },
      'spec.rules[0]',
    ],
  ]),
];

const gatewayClass = (spec: Json): Json => object(gatewayApi, 'GatewayClass', { spec });
const grant = (spec: Json): Json => object(gatewayApi, 'ReferenceGrant', { spec });
const from = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default' }];

const service = (spec: Json): Json => object('v1', 'Service', { spec });
const slice = (fields: Json): Json =>
  object('discovery.k8s.io/v1', 'EndpointSlice', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ...fields,
  });

const others: readonly VerdictCase[] = [
  ...cases('GatewayClass', gatewayClass, [
    ['a class', { controllerName: 'turnpike.dev/gateway-controller' }],
    ['a controller without path', { controllerName: 'turnpike.dev' }, 'spec.controllerName'],
    [
      'a long description',
      { controllerName: 'turnpike.dev/a', description: 'a'.repeat(65) },
      'spec.description',
    ],
    [
      'parameters without group',
      { controllerName: 'turnpike.dev/a', parametersRef: { kind: 'A', name: 'b' } },
      'spec.parametersRef.group',
    ],
  ]),
  ...cases('ReferenceGrant', grant, [
    [
      'a grant',
      {
        from,
        to: [
          { group: '', kind: 'Service' },
          { group: '', kind: 'Secret', name: 'a' },
        ],
      },
    ],
    ['a grant to nothing', { from, to: [] }, 'spec.to'],
    ['a grant from nobody', { to: [{ group: '', kind: 'Service' }] }, 'spec.from'],
    ['a grant without group', { from, to: [{ kind: 'Service' }] }, 'spec.to[0].group'],
  ]),
  ...cases('Service', service, [
    ['a Service', { ports: [{ port: 80 }] }],
    ['a Service without ports', { selector: { a: 'b' } }, 'spec'],
    ['a headless Service without ports', { clusterIP: 'None' }],
    ['ports without names', { ports: [{ port: 80 }, { port: 81 }] }, 'spec.ports'],
    [
      'ports of one name',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'a', port: 81 },
        ],
      },
      'spec.ports',
    ],
    [
      'ports of one number',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80 },
        ],
      },
      'spec.ports',
    ],
    [
      'TCP and UDP at one number',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80, protocol: 'UDP' },
        ],
      },
    ],
    ['port 0', { ports: [{ port: 0 }] }, 'spec.ports[0].port'],
    ['an unknown type', { type: 'Cluster', ports: [{ port: 80 }] }, 'spec.type'],
    ['an external name', { type: 'ExternalName', externalName: 'a.example' }],
    ['an external name that is missing', { type: 'ExternalName' }, 'spec'],
  ]),
  ...cases('EndpointSlice', slice, [
    ['a slice', { ports: [{ port: 80 }] }],
    ['a slice without endpoints', { endpoints: null }],
    ['an address of another type', { addressType: 'IPv6' }, 'endpoints[0].addresses[0]'],
    ['an endpoint without addresses', { endpoints: [{ addresses: [] }] }, 'endpoints[0].addresses'],
    ['an unknown type of address', { addressType: 'IP' }, 'addressType'],
    ['no type of address', { addressType: null }, 'addressType'],
    [
      'conditions',
      {
        endpoints: [
          { addresses: ['10.0.0.1'], conditions: { ready: false, serving: true, terminating: true } },
        ],
      },
    ],
  ]),
  ...cases('Secret', (fields: Json) => object('v1', 'Secret', fields), [
    ['a Secret in plain text', { stringData: { a: 'b' } }],
    ['a Secret in base64', { data: { a: 'Yg==' } }],
    ['a Secret that is no base64', { data: { a: 'b!' } }, 'data.a'],
    ['a number as text', { stringData: { a: 1 } }, 'stringData.a'],
  ]),
  ...cases('ConfigMap', (fields: Json) => object('v1', 'ConfigMap', fields), [
    ['a ConfigMap', { data: { 'jwks.json': '{}' } }],
    ['a list as text', { data: { a: [] } }, 'data.a'],
  ]),
  ...cases('Namespace', (metadata: Json) => ({ apiVersion: 'v1', kind: 'Namespace', metadata }), [
    ['a namespace', { name: 'shop', labels: { 'example.com/team': 'shop' } }],
    ['a name that is none', { name: 'Shop' }, 'metadata.name'],
    ['a label value that is none', { name: 'shop', labels: { a: 'b c' } }, 'metadata.labels.a'],
    ['a label key that is none', { name: 'shop', labels: { 'a b': 'c' } }, "metadata.labels['a b']"],
  ]),
];

export const verdictCases: readonly VerdictCase[] = [...gateways, ...routes, ...others];
