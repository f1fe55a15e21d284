// Any way in of an Authentication that is not by JWT.
import fc from 'fast-check';
import type { BasicAuthentication } from '#snapshot/basic.ts';
import { certificateNameKinds, type ClientCertificateAuthentication } from '#snapshot/client-certificate.ts';
import type { ExternalAuthorization } from '#snapshot/external-authorization.ts';
import type { HttpSignatureAuthentication } from '#snapshot/http-signature.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { IntrospectionAuthentication } from '#snapshot/introspection.ts';
import type { OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import { Secret } from '#snapshot/secret.ts';

const text = fc.string({ unit: 'binary' });
const header = fc.constantFrom('x-user', 'x-client');
const serials = fc.array(fc.stringMatching(/^[0-9a-f]{1,40}$/));

export const clientCertificate: fc.Arbitrary<ClientCertificateAuthentication> = fc.record({
  kind: fc.constant('ClientCertificate'),
  name: text,
  subjectFrom: fc.array(fc.constantFrom(...certificateNameKinds), { minLength: 1 }),
  allow: fc.array(
    fc.record({
      of: fc.constantFrom('DNS', 'URI', 'Email', 'TrustDomain'),
      match: fc.constantFrom('Exact', 'Prefix', 'Suffix'),
      value: text,
    }),
  ),
  revocation: fc.oneof(
    fc.constant(null),
    fc.record({ kind: fc.constant('Serials'), serials }),
    fc.record({
      kind: fc.constant('Lists'),
      lists: fc.array(fc.record({ issuer: text, serials, nextUpdateMs: fc.nat() }), { minLength: 1 }),
    }),
  ),
  certificateHeader: fc.oneof(
    fc.constant(null),
    fc.record({ header, format: fc.constantFrom('PEM', 'XFCC') }),
  ),
});

export const basic: fc.Arbitrary<BasicAuthentication> = fc.record({
  kind: fc.constant('Basic'),
  name: text,
  credential: fc.constant({
    sources: [{ kind: 'Header', header: 'authorization', scheme: 'basic' } as const],
    forwarded: false,
  }),
  realm: fc.constantFrom('', 'the shop'),
  users: fc.array(
    fc.record({
      name: fc.string({ unit: 'binary', minLength: 1, maxLength: 9 }),
      hash: fc.string().map((value) => new Secret(value)),
    }),
  ),
  userHeader: fc.oneof(fc.constant(null), header),
});

export const introspection: fc.Arbitrary<IntrospectionAuthentication> = fc.record({
  kind: fc.constant('Introspection'),
  name: text,
  credential: fc.constant({
    sources: [{ kind: 'Header', header: 'authorization', scheme: 'bearer' } as const],
    forwarded: true,
  }),
  endpoint: fc.constant({
    cluster: resourceId('Cluster', 'shop', 'ids', '80', 'asked'),
    authority: 'ids.shop.svc:80',
    path: '/introspect',
    timeoutMs: 2000,
  }),
  client: fc.oneof(
    fc.constant(null),
    fc.record({
      id: text,
      secret: fc.string().map((value) => new Secret(value)),
      method: fc.constantFrom('Basic', 'Post'),
    }),
  ),
  issuer: text,
  audiences: fc.array(text),
  cacheMs: fc.nat(),
  staleMs: fc.nat(),
  claimsToHeaders: fc.array(fc.record({ claim: text, header })),
});

const called = fc.constant({
  cluster: resourceId('Cluster', 'shop', 'ids', '80', 'asked'),
  authority: 'id.example.com',
  path: '/token',
  timeoutMs: 2000,
});
const path = fc.constantFrom('', '/', '/oauth2/callback');

export const openIdConnect: fc.Arbitrary<OpenIdConnectAuthentication> = fc.record({
  kind: fc.constant('OpenIDConnect'),
  name: text,
  issuer: text,
  client: fc.record({
    id: text,
    secret: fc.oneof(
      fc.constant(null),
      fc.string().map((value) => new Secret(value)),
    ),
    method: fc.constantFrom('Basic', 'Post'),
  }),
  scopes: fc.array(text),
  keySet: fc.constant(resourceId('KeySet', 'ids')),
  provider: fc.oneof(
    fc.constant(null),
    fc.record({
      authorizationEndpoint: fc.constant('https://id.example.com/auth?a=b'),
      endSessionEndpoint: fc.constantFrom('', 'https://id.example.com/end'),
      token: called,
      userinfo: fc.oneof(fc.constant(null), called),
      tellsIssuer: fc.boolean(),
    }),
  ),
  redirectPath: path,
  logoutPath: path,
  backChannelPath: path,
  afterLogout: path,
  scheme: fc.constantFrom(null, 'http', 'https'),
  sessionMs: fc.nat(),
  clockSkewMs: fc.nat(),
  userinfo: fc.boolean(),
  groupsClaim: text,
  forwardAccessToken: fc.boolean(),
  claimsToHeaders: fc.array(fc.record({ claim: text, header })),
});

export const httpSignature: fc.Arbitrary<HttpSignatureAuthentication> = fc.record({
  kind: fc.constant('HTTPSignature'),
  name: text,
  credential: fc.constant({
    sources: [{ kind: 'Header', header: 'signature', scheme: '' } as const],
    forwarded: true,
  }),
  keySet: fc.constant(resourceId('KeySet', 'ConfigMap', 'shop', 'signers', 'jwks.json')),
  components: fc.array(fc.constantFrom('content-type', '@target-uri')),
  tag: text,
  maxAgeMs: fc.nat(),
  clockSkewMs: fc.nat(),
  nonce: fc.constantFrom('Optional', 'Required'),
  contentBytesMax: fc.nat(),
  keyIdHeader: fc.oneof(fc.constant(null), header),
});

export const externalAuthorization: fc.Arbitrary<ExternalAuthorization> = fc.record({
  service: fc.constant({
    cluster: resourceId('Cluster', 'shop', 'doorman', '80', 'asked'),
    authority: 'doorman.shop.svc:80',
    path: '/check',
    timeoutMs: 2000,
  }),
  protocol: fc.constantFrom('HTTP', 'GRPC'),
  host: fc.constantFrom('Request', 'Service'),
  headersToService: fc.oneof(fc.constant(null), fc.array(header)),
  headersToBackend: fc.oneof(fc.constant(null), fc.array(header)),
  headersToClient: fc.oneof(fc.constant(null), fc.array(header)),
  body: fc.oneof(
    fc.constant(null),
    fc.record({ bytesMax: fc.integer({ min: 1 }), beyond: fc.constantFrom('Refuse', 'Truncate') }),
  ),
  context: fc.array(fc.record({ name: text, value: text })),
  failOpen: fc.boolean(),
  cache: fc.oneof(fc.constant(null), fc.record({ headers: fc.array(header), forMs: fc.integer({ min: 1 }) })),
});
