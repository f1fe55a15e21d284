// Valid objects of every kind, as they look after decoding. What a test is about it says itself: a part of the
// metadata, or fields of the spec, which replace those given here.
import assert from 'node:assert/strict';
import { decodeObject, type Kind, type KindMap } from '#crds/kind.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What a test changes. `spec` (or `data` and the like in `fields`) replaces the top fields of the same name. */
export interface Changes {
  readonly name?: string;
  readonly namespace?: string;
  /** Further metadata: labels, generation, creationTimestamp, ... */
  readonly metadata?: Fields;
  readonly spec?: Fields;
  readonly status?: Fields;
}

/** The decoded object of a manifest; a test that hands in an invalid one fails with its problems. */
export function decoded<K extends Kind>(kind: K, manifest: unknown): KindMap[K] {
  const result = decodeObject(kind, manifest);
  assert.ok(result.ok, `${kind}: ${result.ok ? '' : JSON.stringify(result.problems, null, 2)}`);
  return result.object;
}

function object<K extends Kind>(kind: K, changes: Changes & { fields?: Fields }, given: Fields): KindMap[K] {
  const { name, namespace = 'default', metadata = {}, spec, status, fields = {} } = changes;
  return decoded(kind, {
    metadata: { name, namespace, uid: `uid-${namespace}-${name}`, generation: 1, ...metadata },
    ...given,
    ...(spec === undefined ? {} : { spec: { ...(given['spec'] as Fields | undefined), ...spec } }),
    ...(status === undefined ? {} : { status }),
    ...fields,
  });
}

/** Class `turnpike`, of our controller. */
export function gatewayClass(changes: Changes = {}): KindMap['GatewayClass'] {
  return object(
    'GatewayClass',
    { name: 'turnpike', ...changes },
    {
      spec: { controllerName: 'turnpike.dev/gateway-controller' },
    },
  );
}

/** Gateway `edge` with one listener `http` on port 80 for all hosts. */
export function gateway(changes: Changes = {}): KindMap['Gateway'] {
  return object(
    'Gateway',
    { name: 'edge', ...changes },
    {
      spec: { gatewayClassName: 'turnpike', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    },
  );
}

/** ListenerSet `shop` of Gateway `edge` with one listener `http` on port 80 for shop.example.com. */
export function listenerSet(changes: Changes = {}): KindMap['ListenerSet'] {
  return object(
    'ListenerSet',
    { name: 'shop', ...changes },
    {
      spec: {
        parentRef: { name: 'edge' },
        listeners: [{ name: 'http', port: 80, protocol: 'HTTP', hostname: 'shop.example.com' }],
      },
    },
  );
}

/** Route `shop` of Gateway `edge`: everything to port 80 of Service `shop`. */
export function httpRoute(changes: Changes = {}): KindMap['HTTPRoute'] {
  return object(
    'HTTPRoute',
    { name: 'shop', ...changes },
    {
      spec: { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs: [{ name: 'shop', port: 80 }] }] },
    },
  );
}

/** Lets HTTPRoutes of namespace `default` refer to Services of this namespace (`backends`). */
export function referenceGrant(changes: Changes = {}): KindMap['ReferenceGrant'] {
  return object(
    'ReferenceGrant',
    { name: 'routes', namespace: 'backends', ...changes },
    {
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default' }],
        to: [{ group: '', kind: 'Service' }],
      },
    },
  );
}

/** Service `shop` with one port, 80, named `http`. */
export function service(changes: Changes = {}): KindMap['Service'] {
  return object(
    'Service',
    { name: 'shop', ...changes },
    {
      spec: { clusterIP: '10.96.0.10', ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
  );
}

/** The endpoints of Service `shop`: 10.0.0.1:8080, ready. `fields` replaces addressType, endpoints, ports. */
export function endpointSlice(
  changes: Changes & { service?: string; fields?: Fields } = {},
): KindMap['EndpointSlice'] {
  const { service: owner = 'shop', metadata, ...others } = changes;
  return object(
    'EndpointSlice',
    {
      name: `${owner}-1`,
      ...others,
      metadata: { labels: { 'kubernetes.io/service-name': owner }, ...metadata },
    },
    { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ name: 'http', port: 8080 }] },
  );
}

/** Secret `secret` with the given plain texts. */
export function secret(
  changes: Changes & { type?: string; texts?: Readonly<Record<string, string>> } = {},
): KindMap['Secret'] {
  const { type = 'Opaque', texts = {}, ...others } = changes;
  return object('Secret', { name: 'secret', ...others }, { type, stringData: texts });
}

/** ConfigMap `config` with the given texts. */
export function configMap(
  changes: Changes & { texts?: Readonly<Record<string, string>> } = {},
): KindMap['ConfigMap'] {
  const { texts = {}, ...others } = changes;
  return object('ConfigMap', { name: 'config', ...others }, { data: texts });
}

/** Namespace `default`. */
export function namespace(changes: Changes = {}): KindMap['Namespace'] {
  return object('Namespace', { name: 'default', ...changes }, {});
}

/** One way to authenticate: JWT of https://id.example.com with the keys given inline. */
export function jwtAuthentication(changes: Fields = {}): Fields {
  return {
    name: 'staff',
    type: 'JWT',
    jwt: {
      issuer: 'https://id.example.com',
      audiences: ['shop'],
      jwks: { type: 'Inline', inline: { keys: [{ kty: 'RSA', kid: 'one', n: 'sXch', e: 'AQAB' }] } },
      ...changes,
    },
  };
}

/** Direct policy for HTTPRoute `shop`: a JWT. A `spec` with defaults or overrides replaces the rules. */
export function authPolicy(changes: Changes = {}): KindMap['AuthPolicy'] {
  return object(
    'AuthPolicy',
    { name: 'auth', ...changes },
    {
      spec: {
        ...shopTarget,
        ...(withoutRules(changes) ? {} : { rules: { authenticate: [jwtAuthentication()] } }),
      },
    },
  );
}

/** Direct policy for HTTPRoute `shop`: 100 requests a minute for each client address. */
export function rateLimitPolicy(changes: Changes = {}): KindMap['RateLimitPolicy'] {
  const rules = [{ name: 'per-client', limits: [{ name: 'minute', requests: 100, window: '1m' }] }];
  return object(
    'RateLimitPolicy',
    { name: 'limits', ...changes },
    {
      spec: { ...shopTarget, ...(withoutRules(changes) ? {} : { rules }) },
    },
  );
}

const shopTarget = { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' }] };

function withoutRules({ spec = {} }: Changes): boolean {
  return 'defaults' in spec || 'overrides' in spec;
}

/** Parameters `turnpike` that change nothing. */
export function gatewayParameters(changes: Changes = {}): KindMap['GatewayParameters'] {
  return object('GatewayParameters', { name: 'turnpike', ...changes }, { spec: {} });
}
