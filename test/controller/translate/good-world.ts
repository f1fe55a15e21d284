// Objects that are as they should be, beside which bad ones are put: what they say must stay, byte for byte.
import { encodeResource } from '#snapshot/encode.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { gatewayClass } from '#test/given/objects.ts';
import { object } from './objects.ts';
import type { Kind, KindMap } from '#crds/kind.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { Translation } from '#controller/translate/translation.ts';

const group = 'gateway.networking.k8s.io';

/** A Gateway, routes of all sorts to two Services, and a limit of one of them. */
const ofEdge: readonly object[] = [
  {
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'shop', annotations: { 'turnpike.dev/expose-default': 'true' } },
    spec: {
      gatewayClassName: 'turnpike',
      listeners: ['l0', 'l1'].map((name, index) => ({
        name, protocol: 'HTTP', port: 80 + index, allowedRoutes: { namespaces: { from: 'All' } },
      })),
    },
  },
  ...['r1', 'g2', 'g3'].map((name) => ({
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      parentRefs: [{ name: 'edge' }],
      rules: [{ name: 'rule0', matches: [{ path: { value: `/${name}` } }], backendRefs: [{ name: 'cart', port: 80 }] }],
    },
  })),
  { kind: 'Service', metadata: { name: 'cart', namespace: 'shop' }, spec: { ports: [{ port: 80 }] } },
  {
    kind: 'Service',
    metadata: { name: 'g4', namespace: 'shop', annotations: { 'turnpike.dev/expose': 'good.example.com/g4' } },
    spec: { ports: [{ port: 80 }] },
  },
  {
    kind: 'IngressClass',
    metadata: { name: 'good' },
    spec: {
      controller: 'turnpike.dev/gateway-controller',
      parameters: {
        apiGroup: group, kind: 'Gateway', scope: 'Namespace', namespace: 'shop', name: 'edge',
      },
    },
  },
  {
    kind: 'Ingress',
    metadata: { name: 'g5', namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      ingressClassName: 'good',
      defaultBackend: { service: { name: 'cart', port: { number: 80 } } },
      rules: [{ host: 'good.example.com' }],
    },
  },
  {
    kind: 'RateLimitPolicy',
    metadata: { name: 'g', namespace: 'shop', creationTimestamp: '2025-01-01T00:00:00Z' },
    spec: {
      targetRefs: [{ group, kind: 'HTTPRoute', name: 'g2' }],
      rules: [{ name: 'a', limits: [{ name: 'minute', requests: 5, window: '1m' }] }],
    },
  },
]; // prettier-ignore

const metadata = (name: string, namespace = 'shop'): object => ({
  name,
  namespace,
  creationTimestamp: '2026-01-01T00:00:00Z',
});

const toCart = { rules: [{ backendRefs: [{ name: 'cart', port: 80 }] }] };

/** Another Gateway, that takes ListenerSets, and routes of the other kinds. */
const ofOpen: readonly object[] = [
  {
    kind: 'Gateway',
    metadata: metadata('open'),
    spec: {
      gatewayClassName: 'turnpike',
      allowedListeners: { namespaces: { from: 'All' } },
      listeners: [
        { name: 'http', protocol: 'HTTP', port: 80, allowedRoutes: { namespaces: { from: 'All' } } },
        { name: 'tls', protocol: 'TLS', port: 443, tls: { mode: 'Passthrough' } },
        { name: 'tcp', protocol: 'TCP', port: 9000 },
        { name: 'udp', protocol: 'UDP', port: 9053 },
      ],
    },
  },
  {
    kind: 'ListenerSet',
    metadata: metadata('own'),
    spec: {
      parentRef: { name: 'open' },
      listeners: [
        { name: 'web', protocol: 'HTTP', port: 80, hostname: 'own.example.com' },
        { name: 'octets', protocol: 'TCP', port: 9001 },
      ],
    },
  },
  { kind: 'HTTPRoute', metadata: metadata('of-set'), spec: { parentRefs: [{ kind: 'ListenerSet', name: 'own' }], ...toCart } },
  { kind: 'GRPCRoute', metadata: metadata('calls'), spec: { parentRefs: [{ name: 'open' }], hostnames: ['calls.example.com'], ...toCart } },
  { kind: 'TLSRoute', metadata: metadata('streams'), spec: { parentRefs: [{ name: 'open' }], hostnames: ['tls.example.com'], ...toCart } },
  { kind: 'TCPRoute', metadata: metadata('octets'), spec: { parentRefs: [{ name: 'open' }], ...toCart } },
  { kind: 'UDPRoute', metadata: metadata('datagrams'), spec: { parentRefs: [{ name: 'open' }], rules: [{ backendRefs: [{ name: 'dns', port: 53 }] }] } },
  { kind: 'Service', metadata: metadata('dns'), spec: { ports: [{ port: 53, protocol: 'UDP' }] } },
  {
    kind: 'HTTPRoute',
    metadata: metadata('far', 'office'),
    spec: {
      parentRefs: [{ name: 'open', namespace: 'shop' }],
      hostnames: ['far.example.com'],
      rules: [{ backendRefs: [{ name: 'cart', namespace: 'shop', port: 80 }] }],
    },
  },
  {
    kind: 'ReferenceGrant',
    metadata: metadata('grant'),
    spec: { from: [{ group, kind: 'HTTPRoute', namespace: 'office' }], to: [{ group: '', kind: 'Service' }] },
  },
  { kind: 'Service', metadata: metadata('sealed'), spec: { ports: [{ name: 'https', port: 443 }] } },
  { kind: 'HTTPRoute', metadata: metadata('sealed'), spec: { parentRefs: [{ name: 'open' }], hostnames: ['sealed.example.com'], rules: [{ backendRefs: [{ name: 'sealed', port: 443 }] }] } },
  {
    kind: 'BackendTLSPolicy',
    metadata: metadata('sealed'),
    spec: {
      targetRefs: [{ group: '', kind: 'Service', name: 'sealed' }],
      validation: { hostname: 'sealed.example.com', wellKnownCACertificates: 'System' },
    },
  },
]; // prettier-ignore

/** All of them; what they say must stay. */
export const good: readonly KindMap[Kind][] = [
  gatewayClass(),
  ...[...ofEdge, ...ofOpen].map((manifest) => object(manifest)),
];

/** The snapshot of the Gateway `edge` as bytes, by id. */
export function bytesOf(translation: Translation): ReadonlyMap<string, string> {
  return bytesFor(translation, gatewayKey('shop', 'edge'));
}

/** Those of both Gateways, by Gateway and id. */
export function allBytesOf(translation: Translation): ReadonlyMap<string, string> {
  const gateways = ['edge', 'open'].map((name) => gatewayKey('shop', name));
  return new Map(
    gateways.flatMap((key) =>
      [...bytesFor(translation, key)].map(([id, bytes]) => [`${key} ${id}`, bytes] as const),
    ),
  );
}

function bytesFor({ snapshots }: Translation, key: GatewayKey): ReadonlyMap<string, string> {
  const resources = snapshots.get(key) ?? new Map();
  return new Map([...resources].map(([id, resource]) => [id, encodeResource(resource)]));
}
