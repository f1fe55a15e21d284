// Gateways, and what an API server says to them.
import { cases, gatewayApi, object, type Json, type VerdictCase } from './verdict-case.ts';

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

export const gateways: readonly VerdictCase[] = [
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
    ['an HTTP listener with tls', { tls: certificate }, 'spec.listeners[0].tls'],
    ['an HTTPS listener without certificates', { protocol: 'HTTPS', tls: {} }, 'spec.listeners[0].tls'],
    ['an HTTPS listener without tls', { protocol: 'HTTPS' }],
    ['an HTTPS listener', { protocol: 'HTTPS', tls: certificate }],
    [
      'an HTTPS listener that passes through',
      { protocol: 'HTTPS', tls: { mode: 'Passthrough' } },
      'spec.listeners[0].tls',
    ],
    ['a TLS listener without tls', { protocol: 'TLS' }, 'spec.listeners[0].tls'],
    ['a TLS listener that passes through', { protocol: 'TLS', tls: { mode: 'Passthrough' } }],
    [
      'a TCP listener with a hostname',
      { protocol: 'TCP', hostname: 'a.example' },
      'spec.listeners[0].hostname',
    ],
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
