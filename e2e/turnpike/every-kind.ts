// One object and more of each kind that has a status, some right and some not, and edits of them: what a controller
// tells and serves of it must not depend on when it was started.
import { parseAllDocuments } from 'yaml';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import { addressIn } from '../cluster/namespace.ts';
import type { ApplicableObject as Manifest } from './turnpike.ts';

/** What somebody does: writes an object, or deletes the one of this name (`kind/name`, of namespace default). */
export type Edit = Manifest | string;

/** Kinds of which there is an object, and whose statuses are told by the controller. */
export const kindsWithStatus = [
  'GatewayClass', 'Gateway', 'ListenerSet', 'HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute',
  'BackendTLSPolicy', 'Ingress', 'AuthPolicy', 'RateLimitPolicy', 'TrafficPolicy', 'ClientPolicy', 'ProtectionPolicy',
  'Consumer', 'Plan', 'Ban',
] as const; // prettier-ignore

function manifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((one) => (one.toJS() as Manifest | null) ?? []);
}

interface RuleText {
  /** What the rule says before its backends. */
  readonly rule?: string;
  readonly to: string;
  readonly parent?: string;
}

/** A route of one rule. */
function route(kind: string, name: string, { rule = '', to, parent = '{ name: edge }' }: RuleText): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: default }
spec:
  parentRefs: [${parent}]
  rules: [{ ${rule}backendRefs: [${to}] }]
`;
}

const byPath = (path: string): string => `matches: [{ path: { type: PathPrefix, value: ${path} } }], `;

const httpRoute = (name: string, to: string, path = `/${name}`): string =>
  route('HTTPRoute', name, { rule: byPath(path), to: `{ name: ${to}, port: 80 }` });

const there = '{ name: there, port: 80 }';
/** Needs the grant. */
const ofTeam = route('HTTPRoute', 'team', {
  rule: byPath('/team'),
  to: '{ name: there, namespace: default, port: 80 }',
  parent: '{ name: edge, namespace: default }',
}).replace('namespace: default }', 'namespace: team }');

function service(name: string, more = ''): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default${more} }
spec: { ports: [{ name: http, port: 80, targetPort: 8080 }, { name: udp, protocol: UDP, port: 53 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: default, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: 8080 }, { name: udp, protocol: UDP, port: 5353 }]
endpoints: [{ addresses: [${addressIn('backend', 1)}] }]
`;
}

function gateway(name: string, address: string, listeners: readonly string[]): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: default }
spec:
  gatewayClassName: turnpike
  addresses: [{ type: IPAddress, value: ${address} }]
  allowedListeners: { namespaces: { from: All } }
  listeners: [${listeners.join(', ')}]
`;
}

const listeners = [
  '{ name: http, protocol: HTTP, port: 80, allowedRoutes: { namespaces: { from: All } } }',
  '{ name: https, protocol: HTTPS, port: 443, tls: { certificateRefs: [{ name: certificate }] } }',
  '{ name: tls, protocol: TLS, port: 8443, tls: { mode: Passthrough } }',
  '{ name: tcp, protocol: TCP, port: 9000 }',
  '{ name: udp, protocol: UDP, port: 9053 }',
];
const oneMore = '{ name: more, protocol: HTTP, port: 8080, hostname: more.example.com }';
const edge = (more: readonly string[]): string =>
  gateway('edge', addressIn('dataPlane', 1), [...listeners, ...more]);

function listenerSet(hostname: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: set, namespace: default }
spec:
  parentRef: { name: edge }
  listeners:
    - { name: own, protocol: HTTP, port: 80, hostname: ${hostname} }
    - { name: taken, protocol: HTTP, port: 80 }
`;
}

const gateways = new Set(['edge', 'nobodys']);

function policy(kind: string, name: string, spec: string, route = 'moved'): string {
  return `
apiVersion: turnpike.dev/v1alpha1
kind: ${kind}
metadata: { name: ${name}, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: ${gateways.has(route) ? 'Gateway' : 'HTTPRoute'}, name: ${route} }]
  ${spec}
`;
}

const keys = (label: string): string =>
  `rules: { authenticate: [{ name: key, type: APIKey, apiKey: { secretSelector: { matchLabels: { keys: ${label} } } } }] }`;
const limit = (requests: number): string =>
  `rules: [{ name: all, limits: [{ name: minute, requests: ${requests}, window: 1m }] }]`;
const plan = (requests: number): string => `
apiVersion: turnpike.dev/v1alpha1
kind: Plan
metadata: { name: gold, namespace: default }
spec: { limits: [{ name: minute, requests: ${requests}, window: 1m }] }
`;
const grant = `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: grant, namespace: default }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: team }]
  to: [{ group: '', kind: Service }]
`;
const ingress = (host: string): string => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ingress, namespace: default }
spec:
  ingressClassName: turnpike
  rules: [{ host: ${host}, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: there, port: { number: 80 } } } }] } }]
`;

/** What all begins from; written again it is as it was, but for what it never had, which {@link additions} names. */
export async function startingObjects(): Promise<readonly Manifest[]> {
  const authority = await aTlsAuthority();
  const ca = JSON.stringify(authority.ca);
  return manifests(
    [
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: team }\n',
      await authority.secretManifest('certificate', 'example.com'),
      edge([]),
      gateway('nobodys', addressIn('dataPlane', 99), listeners.slice(0, 1)),
      listenerSet('own.example.com'),
      service('there'),
      service('exposed', ', annotations: { turnpike.dev/expose: /exposed }'),
      httpRoute('early', 'nobody'),
      httpRoute('lost', 'nobody'),
      httpRoute('moved', 'there', '/at-first'),
      httpRoute('late', 'late'),
      route('HTTPRoute', 'of-set', { rule: byPath('/'), to: there, parent: '{ kind: ListenerSet, name: set }' }),
      ofTeam,
      route('GRPCRoute', 'calls', { to: there }),
      route('TLSRoute', 'streams', { to: there }).replace('spec:', 'spec:\n  hostnames: [tls.example.com]'),
      route('TCPRoute', 'octets', { to: '{ name: late, port: 80 }' }),
      route('UDPRoute', 'datagrams', { to: '{ name: there, port: 53 }' }),
      grant,
      `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: secure, namespace: default }
spec:
  targetRefs: [{ group: '', kind: Service, name: late }]
  validation: { hostname: late.example.com, caCertificateRefs: [{ group: '', kind: ConfigMap, name: authority }] }
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: turnpike }
spec:
  controller: turnpike.dev/gateway-controller
  parameters: { apiGroup: gateway.networking.k8s.io, kind: Gateway, scope: Namespace, namespace: default, name: edge }
---
apiVersion: turnpike.dev/v1alpha1
kind: Consumer
metadata: { name: ada, namespace: default }
spec: { plan: gold }
---
apiVersion: turnpike.dev/v1alpha1
kind: Ban
metadata: { name: scanner, namespace: team }
spec: { addresses: [192.0.2.7/32] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: authority-to-be, namespace: default }
data: { ca.crt: ${ca} }
`,
      ingress('in.example.com'),
      policy('AuthPolicy', 'closed', keys('none')),
      policy('AuthPolicy', 'idle', keys('none'), 'early'),
      policy('RateLimitPolicy', 'limit', limit(100)),
      policy('TrafficPolicy', 'traffic', 'timeouts: { request: 5s }'),
      policy('ClientPolicy', 'clients', 'timeouts: { idle: 30s }', 'edge'),
      policy('ProtectionPolicy', 'protection', 'requests: { perAddress: { requests: 3000, window: 1m, burst: 500 } }', 'edge'),
    ].join('---\n'),
  ); // prettier-ignore
}

/** Of {@link edits}: what is deleted where all begins anew. */
export const additions: readonly string[] = [
  'service/late',
  'endpointslice/late-1',
  'configmap/authority',
  'plan/gold',
];

/** What is done one after the other: objects get right and wrong, come and go. `authority`: PEM. */
export function edits(authority: string): readonly Edit[] {
  const one = (text: string): Manifest => manifests(text)[0] as Manifest;
  return [
    one(httpRoute('early', 'late')),
    one(httpRoute('lost', 'nobody-either')),
    one(plan(100)),
    one(policy('AuthPolicy', 'closed', keys('shop'), 'early')),
    ...manifests(service('late')),
    'referencegrant/grant',
    one(policy('AuthPolicy', 'idle', keys('shop'), 'no-such-route')),
    one(edge([oneMore])),
    one(listenerSet('more.example.com')),
    one(httpRoute('moved', 'late', '/before')),
    one(policy('RateLimitPolicy', 'limit', limit(200), 'late')),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'authority' }, data: { 'ca.crt': authority } } as Manifest,
    one(ingress('other.example.com')),
    one(policy('ClientPolicy', 'clients', 'timeouts: { idle: 60s }', 'nobodys')),
    one(grant),
    one(policy('TrafficPolicy', 'traffic', 'timeouts: { request: 1s }', 'late')),
    one(route('UDPRoute', 'datagrams', { to: '{ name: late, port: 53 }' })),
    one(route('GRPCRoute', 'calls', { to: '{ name: nobody, port: 80 }' })),
    one(plan(7)),
    one(httpRoute('moved', 'late', '/after')),
    one(httpRoute('lost', 'late')),
    one(edge([])),
    one(httpRoute('early', 'nobody-any-more')),
  ]; // prettier-ignore
}
