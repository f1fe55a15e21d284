// Small worlds of objects that know each other: few names, so that references often meet, miss and change.
import fc from 'fast-check';
import type { Kind, KindMap } from '#crds/kind.ts';
import { object } from './objects.ts';
import { exposing, ingress, ingressClass } from './universe-led.ts';

/** One object put in place of the one with its name, taken away, or become one that does not decode. */
export interface Change {
  readonly key: string;
  readonly kind: 'Put' | 'Remove' | 'Refuse';
  readonly object: KindMap[Kind];
}

type Manifest = Readonly<Record<string, unknown>>;

const namespaces = fc.constantFrom('shop', 'office');
const gateways = fc.constantFrom('edge', 'inner');
const services = fc.constantFrom('cart', 'pay');
const hosts = fc.constantFrom('a.example.com', 'b.example.com', '*.example.com', 'a.example.org');
const gatewayGroup = 'gateway.networking.k8s.io';

const gatewayClass = fc.record({
  name: fc.constantFrom('turnpike', 'other'),
  controller: fc.constantFrom('turnpike.dev/gateway-controller', 'example.com/other'),
  parameters: fc.option(fc.constantFrom('params', 'missing')),
}).map(({ name, controller, parameters }): Manifest => ({
  kind: 'GatewayClass',
  metadata: { name },
  spec: {
    controllerName: controller,
    ...(parameters === null
      ? {}
      : { parametersRef: { group: 'turnpike.dev', kind: 'GatewayParameters', namespace: 'shop', name: parameters } }),
  },
})); // prettier-ignore

const listener = fc.record({
  protocol: fc.constantFrom('HTTP', 'HTTPS', 'HTTP', 'TCP'),
  hostname: fc.option(hosts),
  from: fc.constantFrom('Same', 'All', 'Selector'),
  secret: fc.constantFrom('cert', 'missing'),
  secretNamespace: fc.option(namespaces),
  port: fc.constantFrom(80, 443, 8080),
});

const gateway = fc.record({
  name: gateways,
  namespace: namespaces,
  className: fc.constantFrom('turnpike', 'turnpike', 'other'),
  listeners: fc.uniqueArray(listener, {
    minLength: 1,
    maxLength: 3,
    selector: (one) => [one.port, one.protocol, one.protocol === 'TCP' ? null : one.hostname].join(' '),
  }),
  parameters: fc.option(fc.constantFrom('params', 'missing')),
}).map(({ name, namespace, className, listeners, parameters }): Manifest => ({
  kind: 'Gateway',
  metadata: { name, namespace },
  spec: {
    gatewayClassName: className,
    ...(parameters === null
      ? {}
      : { infrastructure: { parametersRef: { group: 'turnpike.dev', kind: 'GatewayParameters', name: parameters } } }),
    listeners: listeners.map((one, index) => ({
      name: `l${String(index)}`,
      port: one.port,
      protocol: one.protocol,
      ...(one.hostname === null || one.protocol === 'TCP' ? {} : { hostname: one.hostname }),
      ...(one.protocol === 'HTTPS'
        ? { tls: { certificateRefs: [withoutNulls({ name: one.secret, namespace: one.secretNamespace })] } }
        : {}),
      allowedRoutes: {
        namespaces: { from: one.from, ...(one.from === 'Selector' ? { selector: { matchLabels: { team: 'a' } } } : {}) },
      },
    })),
  },
})); // prettier-ignore

const filter = fc.constantFrom<Manifest>(
  { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'X-A', value: 'a' }] } },
  { type: 'URLRewrite', urlRewrite: { hostname: 'c.example.com' } },
  { type: 'RequestMirror', requestMirror: { backendRef: { name: 'cart', port: 80 } } },
  { type: 'ExtensionRef', extensionRef: { group: 'turnpike.dev', kind: 'AuthPolicy', name: 'p1' } },
  { type: 'ExtensionRef', extensionRef: { group: 'turnpike.dev', kind: 'RateLimitPolicy', name: 'p1' } },
);

const rule = fc.record({
  path: fc.constantFrom<Manifest>(
    { type: 'PathPrefix', value: '/' },
    { type: 'Exact', value: '/a' },
    { type: 'RegularExpression', value: '/v[0-9]+' },
    { type: 'RegularExpression', value: '(' },
  ),
  filter: fc.option(filter),
  backends: fc.array(
    fc.record({
      name: fc.oneof(services, fc.constant('missing')),
      namespace: fc.option(namespaces),
      port: fc.constantFrom(80, 81),
      weight: fc.nat(2),
    }),
    { maxLength: 2 },
  ),
});

const route = fc.record({
  name: fc.constantFrom('r1', 'r2', 'r3'),
  namespace: namespaces,
  created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
  parent: fc.record({ name: gateways, namespace: fc.option(namespaces), sectionName: fc.option(fc.constantFrom('l0', 'l1', 'none')) }),
  hostnames: fc.uniqueArray(hosts, { maxLength: 2 }),
  rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
}).map(({ name, namespace, created, parent, hostnames, rules }): Manifest => ({
  kind: 'HTTPRoute',
  metadata: { name, namespace, creationTimestamp: created },
  spec: {
    parentRefs: [withoutNulls(parent)],
    hostnames,
    rules: rules.map((one, index) => ({
      name: `rule${String(index)}`,
      matches: [{ path: one.path }],
      filters: one.filter === null ? [] : [one.filter],
      backendRefs: one.backends.map((backend) => withoutNulls(backend)),
    })),
  },
})); // prettier-ignore

const service = fc.record({
  name: services,
  namespace: namespaces,
  type: fc.constantFrom('ClusterIP', 'ClusterIP', 'ExternalName'),
  ports: fc.constantFrom([{ name: 'http', port: 80 }], [{ port: 81 }], [{ port: 80, appProtocol: 'kubernetes.io/h2c' }]),
}).map(({ name, namespace, type, ports }): Manifest => ({
  kind: 'Service', metadata: { name, namespace }, spec: { type, ports, ...(type === 'ExternalName' ? { externalName: 'example.com' } : {}) },
})); // prettier-ignore

const grant = fc.record({
  namespace: namespaces,
  from: fc.constantFrom('HTTPRoute', 'Gateway', 'AuthPolicy'),
  fromNamespace: namespaces,
  to: fc.constantFrom('Service', 'Secret'),
}).map(({ namespace, from, fromNamespace, to }): Manifest => ({
  kind: 'ReferenceGrant',
  metadata: { name: 'grant', namespace },
  spec: {
    from: [{ group: from === 'AuthPolicy' ? 'turnpike.dev' : gatewayGroup, kind: from, namespace: fromNamespace }],
    to: [{ group: '', kind: to }],
  },
})); // prettier-ignore

const keys = JSON.stringify({
  keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }],
});

const hashes = fc.constantFrom('0', '1', '4').map((digit) => digit.repeat(64));

const keyLines = fc.array(hashes, { maxLength: 2 }).map((all) => ({
  keys: all.map((hash) => `sha256:${hash};consumer=c1`).join('\n'),
}));

const secret = fc.record({
  name: fc.constantFrom('cert', 'keys', 'redis'),
  namespace: namespaces,
  tier: fc.constantFrom('a', 'b'),
  data: fc.oneof(keyLines, fc.constantFrom<Manifest>({ 'jwks.json': keys }, { 'jwks.json': 'x' }, { 'tls.crt': 'x', 'tls.key': 'y' }, { url: 'redis://redis:6379' }, { url: 'redis://one,two' })),
}).map(({ name, namespace, tier, data }): Manifest => ({
  kind: 'Secret', metadata: { name, namespace, labels: { tier } }, stringData: data,
})); // prettier-ignore

const consumer = fc.record({
  name: fc.constantFrom('c1', 'c2', 'c3'),
  namespace: namespaces,
  created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
  tier: fc.constantFrom('a', 'b'),
  hashes: fc.array(hashes, { maxLength: 2 }),
}).map(({ name, namespace, created, tier, hashes }): Manifest => ({
  kind: 'Consumer',
  metadata: { name, namespace, creationTimestamp: created, labels: { tier } },
  spec: {
    credentials: hashes.map((sha256, at) => ({ name: `k${at}`, type: 'APIKey', apiKey: { prefix: 'tp_1', sha256 } })),
  },
})); // prettier-ignore

const target = fc.oneof(
  fc.record({ kind: fc.constant('HTTPRoute'), name: fc.constantFrom('r1', 'r2'), sectionName: fc.option(fc.constantFrom('rule0', 'none')) }),
  fc.record({ kind: fc.constant('Gateway'), name: gateways, sectionName: fc.option(fc.constantFrom('l0', 'l1')) }),
).map((one) => ({ group: gatewayGroup, ...withoutNulls(one) })); // prettier-ignore

const place = fc.constantFrom(
  'rules',
  'defaults Atomic',
  'overrides Atomic',
  'defaults Merge',
  'overrides Merge',
);

function placed(place: string, rules: unknown): Manifest {
  const [field = '', strategy] = place.split(' ');
  return { [field]: strategy === undefined ? rules : { strategy, rules } };
}

function settings(place: string, groups: Manifest): Manifest {
  const [field = '', strategy] = place.split(' ');
  return strategy === undefined ? groups : { [field]: { strategy, ...groups } };
}

const policyMeta = {
  name: fc.constantFrom('p1', 'p2'),
  namespace: namespaces,
  created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
  target: fc.option(target),
  place,
};

const jwks = fc.constantFrom<Manifest>(
  { type: 'Secret', secretRef: { name: 'keys', key: 'jwks.json' } },
  { type: 'Remote', remote: { uri: 'https://id.example.com/jwks' } },
  { type: 'Remote', remote: { type: 'Backend', backend: { backendRef: { name: 'cart', namespace: 'office', port: 80 }, path: '/jwks' } } },
); // prettier-ignore

const selectors = fc.constantFrom<Manifest>(
  { consumerSelector: {} },
  { secretSelector: { matchLabels: { tier: 'a' } } },
  { consumerSelector: { matchLabels: { tier: 'b' } }, secretSelector: { matchLabels: { tier: 'b' } } },
);

const way = fc.oneof(
  jwks.map((one) => ({ name: 'jwt', type: 'JWT', jwt: { issuer: 'https://id.example.com', jwks: one } })),
  selectors.map((apiKey) => ({ name: 'key', type: 'APIKey', apiKey })),
);

const authPolicy = fc.record({ ...policyMeta, way }).map(({ name, namespace, created, target, place, way }): Manifest => ({
  kind: 'AuthPolicy',
  metadata: { name, namespace, creationTimestamp: created },
  spec: {
    targetRefs: target === null ? [] : [target],
    ...placed(place, { authenticate: [way] }),
  },
})); // prettier-ignore

const rateLimitPolicy = fc.record({ ...policyMeta, rules: fc.uniqueArray(fc.constantFrom('a', 'b'), { minLength: 1 }) }).map(
  ({ name, namespace, created, target, place, rules }): Manifest => ({
    kind: 'RateLimitPolicy',
    metadata: { name, namespace, creationTimestamp: created },
    spec: {
      targetRefs: target === null ? [] : [target],
      ...placed(place, rules.map((one) => ({ name: one, limits: [{ name: 'minute', requests: 10, window: '1m' }] }))),
    },
  }),
); // prettier-ignore

const serviceTarget = fc.record(
  { group: fc.constant(''), kind: fc.constant('Service'), name: fc.constantFrom('cart', 'orders'), sectionName: fc.constant('http') },
  { requiredKeys: ['group', 'kind', 'name'] },
); // prettier-ignore

const trafficGroups = fc.constantFrom<Manifest>(
  { timeouts: { head: '1s' } },
  { timeouts: { head: '2s' }, balance: { type: 'RoundRobin' } },
  { retry: { attempts: 2, codes: [503] }, circuitBreaker: { maxPending: 1 } },
  { healthCheck: { type: 'TCP' } },
);

const trafficPolicy = fc.record({ ...policyMeta, target: fc.oneof(target, serviceTarget), groups: trafficGroups }).map(
  ({ name, namespace, created, target, place, groups }): Manifest => ({
    kind: 'TrafficPolicy',
    metadata: { name, namespace, creationTimestamp: created },
    spec: {
      targetRefs: [target],
      ...settings(place, groups),
    },
  }),
); // prettier-ignore

const clientGroups = fc.constantFrom<Manifest>(
  { limits: { maxHeaders: 10 } },
  { limits: { maxHeaders: 20 }, timeouts: { idle: '1s' } },
  { tls: { minVersion: '1.3' } },
  { proxyProtocol: { sources: ['10.0.0.0/8'] } },
);

const clientPolicy = fc.record({ ...policyMeta, name: gateways, section: fc.option(fc.constantFrom('l0', 'l1')), policy: policyMeta.name, groups: clientGroups }).map(
  ({ name, namespace, created, section, policy, groups }): Manifest => ({
    kind: 'ClientPolicy',
    metadata: { name: policy, namespace, creationTimestamp: created },
    spec: { targetRefs: [{ group: gatewayGroup, kind: 'Gateway', ...withoutNulls({ name, sectionName: section }) }], ...groups },
  }),
); // prettier-ignore

const protectionGroups = fc.constantFrom<Manifest>(
  { connections: { perAddress: { opened: 10, window: '1s' } } },
  { connections: { perAddress: { maxOpen: 5 } }, exempt: { addresses: ['10.0.0.0/8'] } },
  { exempt: { addresses: ['192.0.2.0/24'] } },
  { reputation: [{ name: 'list', type: 'ConfigMap', configMap: { name: 'keys' } }] },
);

const protectionPolicy = fc.record({ ...policyMeta, name: gateways, section: fc.option(fc.constantFrom('l0', 'l1')), policy: policyMeta.name, groups: protectionGroups }).map(
  ({ name, namespace, created, section, policy, groups }): Manifest => ({
    kind: 'ProtectionPolicy',
    metadata: { name: policy, namespace, creationTimestamp: created },
    spec: { targetRefs: [{ group: gatewayGroup, kind: 'Gateway', ...withoutNulls({ name, sectionName: section }) }], ...groups },
  }),
); // prettier-ignore

const trust = fc.constantFrom<Manifest>(
  { wellKnownCACertificates: 'System' },
  { wellKnownCACertificates: 'example.com/ours' },
  { caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'keys' }] },
  { caCertificateRefs: [{ group: '', kind: 'Secret', name: 'keys' }] },
);

const backendTlsPolicy = fc.record({ ...policyMeta, service: services, section: fc.option(fc.constantFrom('http', 'none')), policy: policyMeta.name, trust }).map(
  ({ namespace, created, service: name, section, policy, trust: believed }): Manifest => ({
    kind: 'BackendTLSPolicy',
    metadata: { name: policy, namespace, creationTimestamp: created },
    spec: {
      targetRefs: [{ group: '', kind: 'Service', ...withoutNulls({ name, sectionName: section }) }],
      validation: { hostname: 'a.example.com', ...believed },
    },
  }),
); // prettier-ignore

const redisModes = fc.constantFrom<Manifest>(
  {},
  { mode: 'Cluster', tls: { caRef: { name: 'keys' }, clientCertificateRef: { name: 'cert' } } },
  { mode: 'Sentinel', sentinel: { masterName: 'main', passwordRef: { name: 'redis', key: 'url' } } },
);

const parameters = fc.record({ namespace: namespaces, required: fc.boolean(), redis: fc.option(redisModes) }).map(
  ({ namespace, required, redis }): Manifest => ({
    kind: 'GatewayParameters',
    metadata: { name: 'params', namespace },
    spec: {
      requirePolicies: required ? ['AuthPolicy'] : [],
      ...(redis === null ? {} : { rateLimitStore: { type: 'Redis', redis: { ...redis, secretRef: { name: 'redis', key: 'url' } } } }),
    },
  }),
); // prettier-ignore

const namespace = fc.record({ name: namespaces, team: fc.constantFrom('a', 'b') }).map(({ name, team }): Manifest => ({
  kind: 'Namespace', metadata: { name, labels: { team } },
})); // prettier-ignore

function withoutNulls(value: object): Manifest {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null));
}

function annotated(manifest: Manifest, annotations: Manifest): Manifest {
  return { ...manifest, metadata: { ...(manifest['metadata'] as object), annotations } };
}

/** Any object that a source could hold. */
export const anyObject: fc.Arbitrary<KindMap[Kind]> = fc
  .oneof(
    { arbitrary: gatewayClass, weight: 1 },
    { arbitrary: gateway, weight: 3 },
    { arbitrary: route, weight: 5 },
    { arbitrary: service, weight: 2 },
    {
      arbitrary: fc.tuple(service, exposing).map(([one, annotations]) => annotated(one, annotations)),
      weight: 2,
    },
    { arbitrary: ingress, weight: 3 },
    { arbitrary: ingressClass, weight: 1 },
    { arbitrary: grant, weight: 1 },
    { arbitrary: secret, weight: 2 },
    { arbitrary: consumer, weight: 2 },
    { arbitrary: authPolicy, weight: 3 },
    { arbitrary: rateLimitPolicy, weight: 3 },
    { arbitrary: trafficPolicy, weight: 3 },
    { arbitrary: clientPolicy, weight: 2 },
    { arbitrary: protectionPolicy, weight: 2 },
    { arbitrary: backendTlsPolicy, weight: 2 },
    { arbitrary: parameters, weight: 1 },
    { arbitrary: namespace, weight: 1 },
  )
  .map((manifest) => object(manifest));

/** The name an object goes by among all. */
export function keyOf(one: KindMap[Kind]): string {
  return `${one.kind}/${one.metadata.namespace}/${one.metadata.name}`;
}

/** Mostly something new or changed, sometimes something gone or broken. */
export const anyChange: fc.Arbitrary<Change> = fc
  .tuple(anyObject, fc.constantFrom('Put', 'Put', 'Put', 'Put', 'Remove', 'Refuse'))
  .map(([one, kind]) => ({ key: keyOf(one), kind, object: one }));
