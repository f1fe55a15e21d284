// The manifests that Turnpike is measured with.
import { readFile } from 'node:fs/promises';
import type { Terms } from './peer.ts';

const gatewayApi = 'gateway.networking.k8s.io/v1';
const meta = (name: string): object => ({ name, namespace: 'default' });
const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }];
/** Near its bound a data plane closes silent connections sooner, which are what is to be measured. */
const manyConnections = {
  apiVersion: 'turnpike.dev/v1alpha1',
  kind: 'ClientPolicy',
  metadata: meta('bench'),
  spec: { targetRefs, limits: { maxConnections: 100_000 } },
};

/** What the folder holds; with a key, everything that a request can meet is on. */
export async function turnpikeObjects(terms: Terms, jwk: object | null): Promise<readonly object[]> {
  const { chain, key } = terms.certificate;
  return [
    ...gateway(terms),
    manyConnections,
    ...backend(terms),
    ...(terms.front === 'Tls' ? [certificate(await readFile(chain), await readFile(key))] : []),
    ...routes(jwk === null ? 1 : 1000),
    ...(jwk === null ? [] : policies(jwk)),
  ];
}

function gateway({ front, port }: Terms): object[] {
  const tls = { certificateRefs: [{ name: 'bench' }] };
  const listener =
    front === 'Tls'
      ? { name: 'front', protocol: 'HTTPS', port, tls }
      : { name: 'front', protocol: 'HTTP', port };
  return [
    {
      apiVersion: gatewayApi,
      kind: 'GatewayClass',
      metadata: { name: 'turnpike' },
      spec: { controllerName: 'turnpike.dev/gateway-controller' },
    },
    {
      apiVersion: gatewayApi,
      kind: 'Gateway',
      metadata: meta('edge'),
      spec: { gatewayClassName: 'turnpike', listeners: [listener] },
    },
  ];
}

function backend({ front, backendPort }: Terms): object[] {
  const protocol = front === 'Grpc' ? { appProtocol: 'kubernetes.io/h2c' } : {};
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta('backend'),
      spec: { ports: [{ name: 'http', port: 80, ...protocol }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...meta('backend'), labels: { 'kubernetes.io/service-name': 'backend' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: backendPort }],
      endpoints: [{ addresses: ['127.0.0.1'] }],
    },
  ];
}

function certificate(chain: Buffer, key: Buffer): object {
  const data = { 'tls.crt': chain.toString('base64'), 'tls.key': key.toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: meta('bench'), type: 'kubernetes.io/tls', data };
}

function routes(count: number): object[] {
  const others = Array.from({ length: count - 1 }, (_, at) => `/other/${at}`);
  return [count === 1 ? '/' : '/bench', ...others].map((value, at) => ({
    apiVersion: gatewayApi,
    kind: 'HTTPRoute',
    metadata: meta(`route-${at}`),
    spec: {
      parentRefs: [{ name: 'edge' }],
      rules: [
        { matches: [{ path: { type: 'PathPrefix', value } }], backendRefs: [{ name: 'backend', port: 80 }] },
      ],
    },
  }));
}

function policies(jwk: object): object[] {
  const jwt = { issuer: 'https://bench.example', jwks: { type: 'Inline', inline: { keys: [jwk] } } };
  const limits = [{ name: 'second', requests: 10_000_000, window: '1s' }];
  return [
    {
      apiVersion: 'turnpike.dev/v1alpha1',
      kind: 'AuthPolicy',
      metadata: meta('bench'),
      spec: { targetRefs, rules: { authenticate: [{ name: 'bench', type: 'JWT', jwt }] } },
    },
    {
      apiVersion: 'turnpike.dev/v1alpha1',
      kind: 'RateLimitPolicy',
      metadata: meta('bench'),
      spec: { targetRefs, rules: [{ name: 'per-client', limits }] },
    },
  ];
}
