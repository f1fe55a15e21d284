// Objects that are as they should be, beside which bad ones are put: what they say must stay, byte for byte.
import { encodeResource } from '#snapshot/encode.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { object } from './objects.ts';
import type { Kind, KindMap } from '#crds/kind.ts';
import type { Translation } from '#controller/translate/translation.ts';

const group = 'gateway.networking.k8s.io';

/** A Gateway, its class, routes of all sorts to two Services, and a limit of one of them. */
export const good: readonly KindMap[Kind][] = [
  { kind: 'GatewayClass', metadata: { name: 'turnpike' }, spec: { controllerName: 'turnpike.dev/gateway-controller' } },
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
].map((manifest) => object(manifest)); // prettier-ignore

/** The snapshot of the good Gateway as bytes, by id. */
export function bytesOf({ snapshots }: Translation): ReadonlyMap<string, string> {
  const resources = snapshots.get(gatewayKey('shop', 'edge')) ?? new Map();
  return new Map([...resources].map(([id, resource]) => [id, encodeResource(resource)]));
}
