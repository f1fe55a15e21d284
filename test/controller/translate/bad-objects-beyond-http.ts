// Bad objects of the kinds that are not HTTPRoutes, at good Gateways that would take them.
import { hostnames, http, listeners, many, metadata, references, regexes } from './bad-values.ts';
import type { BadObject, Manifest } from './bad-values.ts';

const group = 'gateway.networking.k8s.io';
const cart = { name: 'cart', port: 80 };

/** What loses to all that was there before. */
const younger = { ...metadata, creationTimestamp: '2027-01-01T00:00:00Z' };

/** At a good Gateway that has listeners for all kinds. */
function routed(kind: string, rules: unknown, spec: object = {}): Manifest {
  return { kind, metadata: younger, spec: { parentRefs: [{ name: 'open' }], rules, ...spec } };
}

const named = (what: string, of: Readonly<Record<string, Manifest>>): readonly BadObject[] =>
  Object.entries(of).map(([wrong, manifest]) => [`${what} ${wrong}`, manifest]);

function ofRoutes(): readonly BadObject[] {
  const kinds = ['GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'];
  const hosts = Object.entries(hostnames).flatMap(([what, hostname]) =>
    ['GRPCRoute', 'TLSRoute'].map((kind): BadObject => [
      `${kind} with a hostname that is ${what}`,
      routed(kind, [{ backendRefs: [cart] }], { hostnames: [hostname] }),
    ]),
  );
  const backends = Object.entries(references).flatMap(([what, reference]) =>
    kinds.map((kind): BadObject => [
      `${kind} with a backend: ${what}`,
      routed(kind, [{ backendRefs: [reference] }], { hostnames: ['bad.example.com'] }),
    ]),
  );
  const parents: Readonly<Record<string, object>> = {
    'a section that does not exist': { name: 'open', sectionName: 'none' }, 'a port that no listener has': { name: 'open', port: 7 },
    'a listener of another protocol': { name: 'edge' }, 'a Gateway of another namespace': { name: 'open', namespace: 'office' },
    'a ListenerSet that does not exist': { kind: 'ListenerSet', name: 'none' }, 'a section of a set by its Gateway': { name: 'open', sectionName: 'web' },
    'a Service': { group: '', kind: 'Service', name: 'cart' }, 'names of prototypes': { name: '__proto__', sectionName: 'constructor' },
  }; // prettier-ignore
  const lost = Object.entries(parents).flatMap(([what, parent]) =>
    kinds.map((kind): BadObject => [
      `${kind} whose parent is ${what}`,
      routed(kind, [{ backendRefs: [cart] }], { parentRefs: [parent] }),
    ]),
  );
  return [...hosts, ...backends, ...lost];
}

function ofCalls(): readonly BadObject[] {
  const type = 'RegularExpression';
  const patterns = Object.entries(regexes).flatMap(([what, value]): readonly BadObject[] => [
    [`GRPCRoute for a service by an expression that is ${what}`, routed('GRPCRoute', [{ matches: [{ method: { type, service: value } }], backendRefs: [cart] }])],
    [`GRPCRoute for metadata by an expression that is ${what}`, routed('GRPCRoute', [{ matches: [{ headers: [{ type, name: 'x', value }] }], backendRefs: [cart] }])],
  ]); // prettier-ignore
  const filters: Readonly<Record<string, object>> = {
    'that nobody knows': { type: 'Magic' }, 'of HTTP': { type: 'URLRewrite', urlRewrite: { hostname: 'a.example.com' } },
    'that names nothing': { type: 'ExtensionRef', extensionRef: { group: 'turnpike.dev', kind: 'AuthPolicy', name: 'none' } },
    'that sets Host': { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'Host', value: 'a' }] } },
    'that copies to nobody': { type: 'RequestMirror', requestMirror: { backendRef: { name: 'none', port: 80 } } },
  }; // prettier-ignore
  return [
    ...patterns,
    ...Object.entries(filters).map(([what, filter]): BadObject => [
      `GRPCRoute with a filter ${what}`,
      routed('GRPCRoute', [{ filters: [filter], backendRefs: [cart] }]),
    ]),
    ['GRPCRoute with a thousand rules', routed('GRPCRoute', many(1_000, (index) => ({ matches: [{ method: { service: `s${index}` } }], backendRefs: [cart] })))],
    ['TLSRoute with two rules', routed('TLSRoute', [{ backendRefs: [cart] }, { backendRefs: [cart] }], { hostnames: ['bad.example.com'] })],
    ['TLSRoute with a thousand hostnames', routed('TLSRoute', [{ backendRefs: [cart] }], { hostnames: many(1_000, (index) => `h${index}.example.com`) })],
    ['TCPRoute for the listener of an older one', routed('TCPRoute', [{ backendRefs: [cart] }])],
    ['TCPRoute without backends', routed('TCPRoute', [{ backendRefs: [] }])],
    ['UDPRoute to a Service of TCP', routed('UDPRoute', [{ backendRefs: [cart] }])],
    ['UDPRoute with a thousand backends', routed('UDPRoute', [{ backendRefs: many(1_000, (index) => ({ name: `s${index}`, port: 53 })) }])],
  ]; // prettier-ignore
}

function listenerSet(all: unknown, spec: object = {}): Manifest {
  return { kind: 'ListenerSet', metadata: younger, spec: { parentRef: { name: 'open' }, listeners: all, ...spec } };
} // prettier-ignore

function ofListenerSets(): readonly BadObject[] {
  return [
    ...Object.entries(listeners).map(([what, all]): BadObject => [`ListenerSet with listeners ${what}, of a Gateway that takes it`, listenerSet(all)]),
    ...Object.entries(hostnames).map(([what, hostname]): BadObject => [`ListenerSet with a listener's hostname that is ${what}`, listenerSet([{ ...http, port: 81, hostname }])]),
    ...named('ListenerSet', {
      "with its Gateway's host": listenerSet([http]), "with an older set's host": listenerSet([{ ...http, hostname: 'own.example.com' }]),
      "with its Gateway's port for another protocol": listenerSet([{ ...http, protocol: 'TCP' }]), "with an older set's port of TCP": listenerSet([{ ...http, protocol: 'TCP', port: 9_001 }]),
      'of a Gateway that does not exist': listenerSet([http], { parentRef: { name: 'none' } }), 'of a Service': listenerSet([http], { parentRef: { group: '', kind: 'Service', name: 'cart' } }),
      'of a Gateway of another namespace': listenerSet([http], { parentRef: { name: 'open', namespace: 'office' } }), 'on ports by the hundred': listenerSet(many(64, (index) => ({ ...http, name: `p${index}`, port: 10_000 + index }))),
    }),
  ]; // prettier-ignore
}

function backendTls(target: object, validation: object): Manifest {
  return { kind: 'BackendTLSPolicy', metadata: younger, spec: { targetRefs: [{ group: '', kind: 'Service', ...target }], validation } };
} // prettier-ignore

const system = { hostname: 'a.example.com', wellKnownCACertificates: 'System' };

function ofBackendTls(): readonly BadObject[] {
  const authorities = (...refs: readonly object[]) => ({
    hostname: 'a.example.com',
    caCertificateRefs: refs,
  });
  return named('BackendTLSPolicy', {
    'of a Service that an older one has': backendTls({ name: 'sealed' }, { ...system, hostname: 'other.example.com' }),
    'of a port that there is not': backendTls({ name: 'cart', sectionName: 'none' }, system),
    'of a Service that there is not': backendTls({ name: 'none' }, system),
    'of a Gateway': backendTls({ group, kind: 'Gateway', name: 'open' }, system),
    'that believes nobody': backendTls({ name: 'none' }, { hostname: 'a.example.com' }),
    'that believes whom it does not know': backendTls({ name: 'none' }, { hostname: 'a.example.com', wellKnownCACertificates: 'Nobody' }),
    'that believes all and some': backendTls({ name: 'none' }, { ...system, caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'none' }] }),
    'that believes a Secret': backendTls({ name: 'none' }, authorities({ group: '', kind: 'Secret', name: 'none' })),
    'that believes a bundle that there is not': backendTls({ name: 'none' }, authorities({ group: 'certificates.k8s.io', kind: 'ClusterTrustBundle', name: 'none' })),
    'with a name of no sort': backendTls({ name: 'none' }, { ...system, subjectAltNames: [{ type: 'Hostname', uri: 'spiffe://a' }] }),
    'with a thousand names': backendTls({ name: 'none' }, { ...system, subjectAltNames: many(1_000, (index) => ({ type: 'Hostname', hostname: `h${index}.example.com` })) }),
    'with a thousand targets': { kind: 'BackendTLSPolicy', metadata: younger, spec: { targetRefs: many(1_000, (index) => ({ group: '', kind: 'Service', name: `s${index}` })), validation: system } },
  }); // prettier-ignore
}

function ofReferenceGrants(): readonly BadObject[] {
  const grant = (from: unknown, to: unknown): Manifest => ({
    kind: 'ReferenceGrant',
    metadata,
    spec: { from, to },
  });
  const from = { group, kind: 'HTTPRoute', namespace: 'office' };
  const to = { group: '', kind: 'Service' };
  return named('ReferenceGrant', {
    'from nobody': grant([], [to]), 'to nothing': grant([from], []), 'from an unknown kind': grant([{ ...from, kind: 'Nobody' }], [to]), 'to an unknown kind': grant([from], [{ group: '', kind: 'Nobody' }]),
    'from all namespaces': grant([{ ...from, namespace: '*' }], [to]), 'to names of prototypes': grant([from], [{ ...to, name: '__proto__' }]), 'from a thousand': grant(many(1_000, (index) => ({ ...from, namespace: `n${index}` })), [to]),
    'from text': grant('HTTPRoute', 'Service'),
  }); // prettier-ignore
}

function ofTrustBundles(): readonly BadObject[] {
  const bundle = (trustBundle: unknown): Manifest => ({
    kind: 'ClusterTrustBundle',
    metadata: { name: 'bad' },
    spec: { trustBundle },
  });
  const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
  return named('ClusterTrustBundle', {
    'of nothing': bundle(''), 'of text': bundle('certificates'), 'of a certificate that is none': bundle(pem('AAAA')), 'with a key': bundle('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
    'of a megabyte': bundle(pem('A'.repeat(1 << 20))), 'of a list': bundle([]),
  }); // prettier-ignore
}

function ingress(spec: object): Manifest {
  return { kind: 'Ingress', metadata: younger, spec: { ingressClassName: 'good', ...spec } };
}

function ofIngresses(): readonly BadObject[] {
  const path = (fields: object) => ({
    rules: [
      {
        host: 'bad.example.com',
        http: {
          paths: [
            {
              path: '/',
              pathType: 'Prefix',
              backend: { service: { name: 'cart', port: { number: 80 } } },
              ...fields,
            },
          ],
        },
      },
    ],
  });
  return named('Ingress', {
    'to a Service that there is not': ingress(path({ backend: { service: { name: 'none', port: { number: 80 } } } })), 'to a port that there is not': ingress(path({ backend: { service: { name: 'cart', port: { name: 'none' } } } })),
    'to an object of another kind': ingress(path({ backend: { resource: { apiGroup: 'example.com', kind: 'Bucket', name: 'a' } } })), 'to nothing': ingress(path({ backend: {} })),
    'with an unknown type of path': ingress(path({ pathType: 'Magic' })), 'with a path that is none': ingress(path({ path: 'a//../b' })), 'with a path by an expression': ingress(path({ path: '/(', pathType: 'ImplementationSpecific' })),
    'with a certificate that there is not': ingress({ ...path({}), tls: [{ hosts: ['bad.example.com'], secretName: 'none' }] }), 'with a default backend that another has': ingress({ defaultBackend: { service: { name: 'none', port: { number: 80 } } } }),
    'for a host and path that another has': ingress({ rules: [{ host: 'good.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'none', port: { number: 80 } } } }] } }] }),
    'with a thousand rules': ingress({ rules: many(1_000, (index) => ({ host: `h${index}.example.com` })) }), 'of a policy that there is not': { ...ingress(path({})), metadata: { ...younger, annotations: { 'turnpike.dev/policies': 'none' } } },
  }); // prettier-ignore
}

function ofExposedServices(): readonly BadObject[] {
  const exposed = (annotations: Readonly<Record<string, string>>): Manifest => ({
    kind: 'Service',
    metadata: { ...younger, annotations: Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`turnpike.dev/${name}`, value])) },
    spec: { ports: [{ name: 'http', port: 80 }] },
  }); // prettier-ignore
  return named('Service that is exposed', {
    'nowhere': exposed({ expose: '' }), 'at a host that is none': exposed({ expose: 'Bad_Host/x' }), 'at a path that is none': exposed({ expose: 'bad.example.com/a b' }), 'at a place of another': exposed({ expose: 'good.example.com/g4' }),
    'at the path of a route': exposed({ expose: '/r1' }), 'at a port that there is not': exposed({ expose: '/bad', port: 'none' }), 'at a Gateway that there is not': exposed({ expose: '/bad', gateway: 'none' }),
    'with a policy that there is not': exposed({ expose: '/bad', policies: 'none' }), 'by ten thousand places': exposed({ expose: many(10_000, (index) => `/bad${index}`).join(',') }),
  }); // prettier-ignore
}

/** What only whoever runs the cluster, or a namespace, writes. */
function ofOthers(): readonly BadObject[] {
  const parametersRef = { group: 'turnpike.dev', kind: 'GatewayParameters', name: 'none' };
  const gateway = (spec: object): Manifest => ({
    kind: 'Gateway',
    metadata: younger,
    spec: { gatewayClassName: 'turnpike', listeners: [http], ...spec },
  });
  return [
    ['GatewayClass with parameters that there are not', { kind: 'GatewayClass', metadata: { name: 'bad' }, spec: { controllerName: 'turnpike.dev/gateway-controller', parametersRef } }],
    ['GatewayClass with parameters of another kind', { kind: 'GatewayClass', metadata: { name: 'bad' }, spec: { controllerName: 'turnpike.dev/gateway-controller', parametersRef: { ...parametersRef, kind: 'ConfigMap' } } }],
    ['IngressClass of a Gateway that there is not', { kind: 'IngressClass', metadata: { name: 'bad' }, spec: { controller: 'turnpike.dev/gateway-controller', parameters: { apiGroup: group, kind: 'Gateway', scope: 'Namespace', namespace: 'shop', name: 'none' } } }],
    ['Gateway with parameters that there are not', gateway({ infrastructure: { parametersRef } })],
    ['Gateway with an address of an unknown type', gateway({ addresses: [{ type: 'example.com/Star', value: 'a' }] })],
    ['Gateway with an address that is none', gateway({ addresses: [{ type: 'IPAddress', value: '999.0.0.1' }] })],
    ['Gateway with a listener that selects namespaces by nothing', gateway({ listeners: [{ ...http, allowedRoutes: { namespaces: { from: 'Selector' } } }] })],
    ['Gateway of a class that there is not', gateway({ gatewayClassName: 'none' })],
    ['Gateway with authorities of clients that there are not', gateway({ tls: { frontend: { default: { validation: { caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'none' }] } } } } })],
    ['Gateway with a certificate for backends that there is not', gateway({ tls: { backend: { clientCertificateRef: { name: 'none' } } } })],
    ['Consumer of a plan that there is not', { kind: 'Consumer', metadata, spec: { plan: 'none' } }],
    ['Plan with a time zone that there is not', { kind: 'Plan', metadata, spec: { quotas: [{ name: 'a', requests: 1, period: 'Month', timeZone: 'Nowhere/City' }] } }],
    ['Ban of an address that is none', { kind: 'Ban', metadata: { ...metadata, namespace: 'office' }, spec: { addresses: ['999.0.0.1'] } }],
    ['Ban where no Gateway is', { kind: 'Ban', metadata: { ...metadata, namespace: 'office' }, spec: { addresses: ['192.0.2.1/32'] } }],
    ['EndpointSlice with addresses that are none', { kind: 'EndpointSlice', metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'bad' } }, addressType: 'IPv4', ports: [{ port: 80 }], endpoints: [{ addresses: ['999.0.0.1'] }, { addresses: ['__proto__'] }] }],
  ]; // prettier-ignore
}

/** All of them. */
export function badObjectsBeyondHttp(): readonly BadObject[] {
  return [
    ...ofRoutes(),
    ...ofCalls(),
    ...ofListenerSets(),
    ...ofBackendTls(),
    ...ofReferenceGrants(),
    ...ofTrustBundles(),
    ...ofIngresses(),
    ...ofExposedServices(),
    ...ofOthers(),
  ];
}
