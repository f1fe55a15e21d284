// Turnpike itself, as `npm start` runs it: both planes in one process from a folder of manifests.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { accepting, freePort, startPinned, stopChild } from './peer.ts';
import type { Cores, Peer } from './peer.ts';

/** Plain: one route and nothing else. Full: 1,000 routes, a verified JWT, a rate limit. Metrics are on in both. */
export type Work = 'plain' | 'full';

/** Turnpike in front of `backendPort`. */
export async function startTurnpike(cores: Cores, backendPort: number, work: Work): Promise<Peer> {
  const port = await freePort();
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-bench-'));
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256' };
  const objects = [...gateway(port, backendPort), ...(work === 'full' ? policies(jwk) : []), ...routes(work)];
  await writeFile(
    path.join(folder, 'all.json'),
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  );

  const program = path.join(import.meta.dirname, '../../cli/main.ts');
  const command = [process.execPath, program, 'up', '--folder', folder, '--no-demo', '--quiet'];
  const child = startPinned(cores.measured, command, 'inherit');
  await accepting(port);
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'bench' })
    .setIssuer('https://bench.example')
    .setSubject('ada')
    .setExpirationTime('1h')
    .sign(privateKey);
  return {
    name: `turnpike ${work}`,
    pid: child.pid ?? 0,
    port,
    fields: work === 'full' ? [`Authorization: Bearer ${token}`] : [],
    stop: async () => {
      await stopChild(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const gatewayApi = 'gateway.networking.k8s.io/v1';
const meta = (name: string): object => ({ name, namespace: 'default' });

function gateway(port: number, backendPort: number): object[] {
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
      spec: { gatewayClassName: 'turnpike', listeners: [{ name: 'http', protocol: 'HTTP', port }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta('backend'),
      spec: { ports: [{ name: 'http', port: 80 }] },
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

function routes(work: Work): object[] {
  const prefixes = [
    '/bench',
    ...Array.from({ length: work === 'full' ? 999 : 0 }, (_, at) => `/other/${at}`),
  ];
  return prefixes.map((value, at) => ({
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
  const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }];
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
