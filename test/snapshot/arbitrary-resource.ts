import fc from 'fast-check';
import { identityValues } from '#snapshot/authentication.ts';
import { credentialLine as writtenLine } from '#snapshot/credential-set.ts';
import { jwtAlgorithms, sharedAlgorithms } from '#snapshot/key-set.ts';
import { type ResourceKind, resourceId } from '#snapshot/ids.ts';
import { Secret } from '#snapshot/secret.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { limit } from './arbitrary-limit.ts';
import { rateLimitMembers } from './arbitrary-rate-limit.ts';
import { rateLimitStore } from './arbitrary-store.ts';
import {
  arbitraryBan,
  arbitraryClientRules,
  arbitraryClusterSettings,
  arbitraryForwardExtras,
  arbitraryListenerTls,
  arbitraryProtections,
} from './arbitrary-traffic.ts';
import {
  basic,
  clientCertificate,
  externalAuthorization,
  httpSignature,
  introspection,
  openIdConnect,
} from './arbitrary-ways.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const fieldName = fc.stringMatching(/^[a-z0-9_-]{1,10}$/);
const fieldValue = text.map((value) => value.replaceAll(/[\0\r\n]/g, ''));
const hostname = fc.constantFrom('', '*.example.com', 'a.example.com');
const port = fc.integer({ min: 1, max: 65_535 });
const millis = fc.nat();
const id = (kind: ResourceKind) =>
  fc
    .array(fc.stringMatching(/^[a-z0-9./ü]{1,8}$/), { minLength: 1, maxLength: 3 })
    .map((parts) => resourceId(kind, ...parts));
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 });
const nullable = <T>(item: fc.Arbitrary<T>) => fc.option(item, { nil: null });
const constant = <const T extends string>(value: T) => fc.constant(value);
const endpoints = list(
  fc.record({
    address: fc.ipV4(),
    port,
    state: fc.constantFrom('Ready', 'Terminating'),
    forZones: list(fc.constantFrom('a', 'b')),
    forNodes: list(fc.constantFrom('a', 'b')),
  }),
);
const secret = fc.string().map((value) => new Secret(value));

const edits = {
  set: list(fc.record({ name: fieldName, value: fieldValue })),
  add: list(fc.record({ name: fieldName, value: fieldValue })),
  remove: list(fieldName),
};
const headerFilter = fc.oneof(
  fc.record({ kind: constant('RequestHeaders'), ...edits }),
  fc.record({ kind: constant('ResponseHeaders'), ...edits }),
);
const pathRewrite = fc.oneof(
  fc.record({ kind: constant('Full'), value: constant('/new') }),
  fc.record({ kind: constant('Prefix'), value: fc.constantFrom('', '/ä/b') }),
);
const corsFilter = fc.record({
  kind: constant('Cors'),
  origins: list(fc.constantFrom('*', 'https://a.example', 'https://*.b.example:8443')),
  credentials: fc.boolean(),
  methods: list(fc.constantFrom('*', 'GET', 'PATCH')),
  headers: list(fieldName),
  exposed: list(fieldName),
  maxAgeS: fc.nat(),
});
const backendFilter = fc.oneof(
  headerFilter,
  fc.record({ kind: constant('Rewrite'), hostname: nullable(hostname), path: nullable(pathRewrite) }),
);
const filter = fc.oneof(corsFilter, backendFilter);
const valueMatch = fc.record({ kind: fc.constantFrom('Exact', 'Regex'), name: text, value: text });
const resourceMetadata = fc.record({ resource: text, authorizationServers: list(text), scopes: list(text) });
const action = fc.oneof(
  fc.record({
    kind: constant('Forward'),
    backends: list(
      fc.record({
        cluster: nullable(id('Cluster')),
        weight: fc.nat(),
        filters: list(backendFilter),
        mirrors: arbitraryForwardExtras.mirrors,
      }),
    ),
    timeouts: fc.record({
      requestMs: nullable(millis),
      backendRequestMs: nullable(millis),
      headMs: nullable(millis),
    }),
    ...arbitraryForwardExtras,
  }),
  fc.record({
    kind: constant('Redirect'),
    status: fc.constantFrom(301, 302, 303, 307, 308),
    scheme: nullable(fc.constantFrom('http', 'https')),
    hostname: nullable(hostname),
    port: nullable(port),
    path: nullable(pathRewrite),
  }),
  fc.tuple(resourceMetadata).map(([told]) => ({ kind: 'ResourceMetadata' as const, ...told })),
  fc.record({ kind: constant('Closed'), reason: text }),
);
const rule = fc.record({
  name: text,
  matches: fc.array(
    fc.record({
      path: fc.record({ kind: fc.constantFrom('Exact', 'Prefix', 'Regex', 'Last'), value: text }),
      method: nullable(text),
      headers: list(valueMatch),
      query: list(valueMatch),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  filters: list(filter),
  authentications: list(id('Authentication')),
  rateLimits: list(id('RateLimit')),
  action,
});
const jsonWebKey = fc.record({
  kty: fc.constantFrom('RSA', 'EC', 'OKP'),
  kid: nullable(text),
  alg: fc.constantFrom(...jwtAlgorithms),
  n: nullable(text),
  e: nullable(text),
  crv: nullable(text),
  x: nullable(text),
  y: nullable(text),
});
const credential = fc.record({
  sources: fc.array(
    fc.oneof(
      fc.record({ kind: constant('Header'), header: fieldName, scheme: fc.constantFrom('', 'bearer') }),
      fc.record({ kind: constant('Cookie'), cookie: fieldName }),
      fc.record({ kind: constant('Query'), parameter: text }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  forwarded: fc.boolean(),
});
const jwt = fc.record({
  kind: constant('JWT'),
  name: text,
  credential,
  issuer: text,
  audiences: list(text),
  keySet: id('KeySet'),
  clockSkewMs: millis,
  maxAgeMs: nullable(millis),
  revocation: nullable(id('TokenRevocations')),
  requiredClaims: list(fc.record({ claim: text, values: list(text) })),
  claimsToHeaders: list(fc.record({ claim: text, header: fieldName })),
});
const apiKey = fc.record({
  kind: constant('APIKey'),
  name: text,
  credential,
  keys: list(id('CredentialSet')),
  identityToHeaders: list(fc.record({ value: fc.constantFrom(...identityValues), header: fieldName })),
});
const credentialPart = fc.stringMatching(/^[a-z0-9._:@+-]{1,8}$/);
const maybe = fc.oneof(credentialPart, constant(''));
const credentialLine = fc
  .record({
    sha256: fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((octets) => octets.toBase64({ alphabet: 'base64url', omitPadding: true })),
    expiresS: fc.nat(),
    consumer: credentialPart,
    prefix: maybe,
    plan: maybe,
    groups: list(credentialPart),
  })
  .map(writtenLine);

const listener = {
  kind: constant('Listener'),
  id: id('Listener'),
  name: text,
  createdMs: fc.constantFrom(0, 1_767_225_600_000),
  port,
  hostname,
};
const filters = list(
  fc.oneof(
    fc.record({ kind: constant('Authenticate'), authentication: id('Authentication') }),
    fc.record({ kind: constant('Limit'), rateLimit: id('RateLimit') }),
    fc.record({ kind: constant('Closed'), reason: text }),
  ),
);
const attachment = fc.record({
  listener: id('Listener'),
  hostnames: list(fc.record({ serves: hostname, own: hostname, oneLabel: fc.boolean() })),
});

const byKind = {
  Listener: fc.oneof(
    fc.record({ ...listener, protocol: fc.constantFrom('TCP', 'UDP') }),
    fc.record({ ...listener, filters, protocol: constant('HTTP') }),
    fc.record({
      ...listener,
      filters,
      protocol: constant('HTTPS'),
      certificates: list(id('Certificate')),
      tls: arbitraryListenerTls,
    }),
    fc.record({
      ...listener,
      protocol: constant('TLS'),
      mode: fc.constantFrom('Passthrough', 'Terminate'),
      certificates: list(id('Certificate')),
      tls: arbitraryListenerTls,
    }),
  ),
  ClientSettings: fc.record({
    kind: constant('ClientSettings'),
    id: id('ClientSettings'),
    port,
    ...arbitraryClientRules,
  }),
  Protection: fc.record({
    kind: constant('Protection'),
    id: id('Protection'),
    port,
    unread: fc.constant(null),
    ...arbitraryProtections,
  }),
  AddressList: fc.record({
    kind: constant('AddressList'),
    id: id('AddressList'),
    ipv4: fc.base64String(),
    ipv6: fc.base64String(),
  }),
  Route: fc.record({
    kind: constant('Route'),
    id: id('Route'),
    name: text,
    createdMs: millis,
    attachments: list(attachment),
    rules: list(rule),
  }),
  StreamRoute: fc.record({
    kind: constant('StreamRoute'),
    id: id('StreamRoute'),
    name: text,
    createdMs: millis,
    attachments: list(attachment),
    backends: list(fc.record({ cluster: nullable(id('Cluster')), weight: fc.nat() })),
  }),
  Cluster: fc.record({
    kind: constant('Cluster'),
    id: id('Cluster'),
    name: text,
    endpoints: id('Endpoints'),
    ...arbitraryClusterSettings,
  }),
  Endpoints: fc.record({ kind: constant('Endpoints'), id: id('Endpoints'), endpoints }),
  EndpointGroup: fc.record({
    kind: constant('EndpointGroup'),
    id: id('EndpointGroup'),
    of: id('Endpoints'),
    endpoints,
  }),
  Certificate: fc.record({ kind: constant('Certificate'), id: id('Certificate'), chain: text, key: secret }),
  ServerNames: fc.record({
    kind: constant('ServerNames'),
    id: id('ServerNames'),
    listeners: list(id('Listener')),
    hostnames: list(hostname),
    certificate: id('Certificate'),
  }),
  Authentication: fc.record({
    kind: constant('Authentication'),
    id: id('Authentication'),
    policy: text,
    alternatives: list(
      fc.oneof(jwt, apiKey, clientCertificate, basic, introspection, openIdConnect, httpSignature),
    ),
    optional: fc.boolean(),
    realm: text,
    resourceMetadata: nullable(resourceMetadata),
    denial: nullable(fc.record({ contentType: fieldValue, body: text })),
    protection: nullable(
      fc.record({
        failures: fc.nat(),
        accountFailures: fc.nat(),
        windowMs: fc.integer({ min: 1 }),
        blockMs: fc.integer({ min: 1 }),
      }),
    ),
    external: nullable(externalAuthorization),
    authorize: list(
      fc.record({
        name: text,
        mode: fc.constantFrom('Enforce', 'Shadow'),
        methods: list(text),
        allow: list(text),
        deny: list(text),
        scopes: list(text),
        groups: list(text),
        claims: list(fc.record({ claim: text, values: list(text) })),
        when: nullable(text),
      }),
    ),
  }),
  KeySet: fc.oneof(
    fc.record({
      kind: constant('KeySet'),
      state: constant('Available'),
      id: id('KeySet'),
      keys: list(jsonWebKey),
      refreshable: fc.boolean(),
    }),
    fc.record({
      kind: constant('KeySet'),
      state: constant('Unavailable'),
      id: id('KeySet'),
      refreshable: fc.boolean(),
    }),
    fc.record({
      kind: constant('KeySet'),
      state: constant('Shared'),
      id: id('KeySet'),
      refreshable: fc.boolean(),
      alg: fc.constantFrom(...sharedAlgorithms),
      secret,
    }),
    fc.record({
      kind: constant('KeySet'),
      state: constant('Named'),
      id: id('KeySet'),
      refreshable: fc.boolean(),
      secrets: list(fc.record({ name: text, secret })),
    }),
  ),
  CredentialSet: fc.record({
    kind: constant('CredentialSet'),
    id: id('CredentialSet'),
    namespace: text,
    keys: list(credentialLine).map((lines) => new Secret(lines.join('\n'))),
    plans: list(text),
  }),
  Ban: fc.record({ kind: constant('Ban'), id: id('Ban'), ...arbitraryBan }),
  TokenRevocations: fc.record({
    kind: constant('TokenRevocations'),
    id: id('TokenRevocations'),
    tokens: list(text),
    subjects: list(text),
    stream: nullable(
      fc.record({
        cluster: id('Cluster'),
        key: text,
        username: text,
        password: nullable(secret),
        tls: nullable(fc.record({ hostname, authorities: nullable(text) })),
        maxStaleMs: millis,
      }),
    ),
  }),
  Plan: fc.record({ kind: constant('Plan'), id: id('Plan'), name: text, limits: fc.array(limit) }),
  RateLimit: fc.record({ kind: constant('RateLimit'), id: id('RateLimit'), ...rateLimitMembers }),
  RateLimitStore: rateLimitStore(id('RateLimitStore')),
  TicketSecret: fc.record({ kind: constant('TicketSecret'), id: id('TicketSecret'), secret }),
  SessionSecret: fc.record({ kind: constant('SessionSecret'), id: id('SessionSecret'), secret }),
  LoginSecret: fc.record({
    kind: constant('LoginSecret'),
    id: id('LoginSecret'),
    secret,
    previous: secret,
    next: secret,
  }),
  Fleet: fc.record({
    kind: constant('Fleet'),
    id: id('Fleet'),
    replicas: fc.integer({ min: 1 }),
    members: list(
      fc.record({
        instance: fc.constantFrom('edge-1', 'edge-2'),
        zone: nullable(fc.constantFrom('a', 'b')),
        node: nullable(fc.constantFrom('a', 'b')),
      }),
    ),
  }),
} satisfies { readonly [K in ResourceKind]: fc.Arbitrary<Extract<Resource, { readonly kind: K }>> };

/** Any valid resource of any kind. */
export const arbitraryResource: fc.Arbitrary<Resource> = fc.oneof(...Object.values(byKind));
