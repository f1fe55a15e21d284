import {
  authenticationDefaults,
  identityValues,
  jwtDefaults,
  type ApiKeyAuthentication,
  type Authentication,
  type AuthenticationWay,
  type CredentialPlaces,
  type CredentialSource,
  type GuessProtection,
  type JwtAuthentication,
} from './authentication.ts';
import { basicShape } from './basic-shape.ts';
import { clientCertificateShape } from './client-certificate-shape.ts';
import { areCredentialLines, credentialSetDefaults, type CredentialSet } from './credential-set.ts';
import { cookieName, count, fieldName, fieldValue, millis } from './field-shapes.ts';
import type { AuthorizationEntry } from './authorization.ts';
import { externalAuthorizationShape } from './external-authorization-shape.ts';
import { httpSignatureShape } from './http-signature-shape.ts';
import { introspectionShape } from './introspection-shape.ts';
import { openIdConnectShape } from './open-id-connect-shape.ts';
import { jwtAlgorithms, sharedAlgorithms, type JsonWebKey, type KeySet } from './key-set.ts';
import type { ResourceMetadata } from './resource-metadata.ts';
import { revocationDefaults, type RevocationStream, type TokenRevocations } from './token-revocations.ts';
import * as shape from './shape.ts';
import { type Shape, object, variant } from './shape.ts';

const source = variant<CredentialSource>('kind', {
  Header: object({ kind: shape.oneOf('Header'), header: fieldName, scheme: shape.text }),
  Cookie: object({ kind: shape.oneOf('Cookie'), cookie: cookieName }),
  Query: object({ kind: shape.oneOf('Query'), parameter: shape.text }),
});

const credential: Shape<CredentialPlaces> = object({ sources: shape.list(source, 1), forwarded: shape.flag });

const claimsToHeaders = shape.list(object({ claim: shape.text, header: fieldName }));

const jwt: Shape<JwtAuthentication> = object({
  kind: shape.oneOf('JWT'),
  name: shape.text,
  issuer: shape.text,
  audiences: shape.list(shape.text),
  keySet: shape.idOf('KeySet'),
  clockSkewMs: millis,
  claimsToHeaders,
  ...shape.defaulted(
    {
      credential,
      maxAgeMs: shape.nullable(millis),
      revocation: shape.nullable(shape.idOf('TokenRevocations')),
      requiredClaims: shape.list(object({ claim: shape.text, values: shape.list(shape.text) })),
    },
    jwtDefaults,
  ),
});

const apiKey: Shape<ApiKeyAuthentication> = object({
  kind: shape.oneOf('APIKey'),
  name: shape.text,
  credential,
  keys: shape.list(shape.idOf('CredentialSet')),
  identityToHeaders: shape.list(object({ value: shape.oneOf(...identityValues), header: fieldName })),
});

const ways = {
  JWT: jwt,
  APIKey: apiKey,
  ClientCertificate: clientCertificateShape,
  Basic: basicShape(credential),
  Introspection: introspectionShape(credential, claimsToHeaders),
  OpenIDConnect: openIdConnectShape(claimsToHeaders),
  HTTPSignature: httpSignatureShape(credential),
} satisfies { readonly [K in AuthenticationWay['kind']]: Shape<Extract<AuthenticationWay, { kind: K }>> };

/** Fields of a {@link ResourceMetadata}. */
export const resourceMetadataFields: shape.Fields<ResourceMetadata> = {
  resource: shape.text,
  authorizationServers: shape.list(shape.text),
  scopes: shape.list(shape.text),
};

const protection: Shape<GuessProtection> = object({
  failures: count,
  accountFailures: count,
  windowMs: shape.integer(1),
  blockMs: shape.integer(1),
});

const authorizationEntry: Shape<AuthorizationEntry> = object({
  name: shape.text,
  mode: shape.oneOf('Enforce', 'Shadow'),
  methods: shape.list(shape.text),
  allow: shape.list(shape.text),
  deny: shape.list(shape.text),
  scopes: shape.list(shape.text),
  groups: shape.list(shape.text),
  claims: shape.list(object({ claim: shape.text, values: shape.list(shape.text) })),
  when: shape.nullable(shape.text),
});

/** Reads an {@link Authentication}. */
export const authenticationShape: Shape<Authentication> = object({
  kind: shape.oneOf('Authentication'),
  id: shape.idOf('Authentication'),
  policy: shape.text,
  alternatives: shape.list(variant<AuthenticationWay>('kind', ways)),
  ...shape.defaulted(
    {
      optional: shape.flag,
      realm: shape.text,
      resourceMetadata: shape.nullable(object(resourceMetadataFields)),
      denial: shape.nullable(object({ contentType: fieldValue, body: shape.text })),
      protection: shape.nullable(protection),
      authorize: shape.list(authorizationEntry),
      external: shape.nullable(externalAuthorizationShape),
    },
    authenticationDefaults,
  ),
});

const jsonWebKey: Shape<JsonWebKey> = object({
  kty: shape.oneOf('RSA', 'EC', 'OKP'),
  kid: shape.nullable(shape.text),
  alg: shape.oneOf(...jwtAlgorithms),
  n: shape.nullable(shape.text),
  e: shape.nullable(shape.text),
  crv: shape.nullable(shape.text),
  x: shape.nullable(shape.text),
  y: shape.nullable(shape.text),
});

const keySetFields = { kind: shape.oneOf('KeySet'), id: shape.idOf('KeySet'), refreshable: shape.flag };

const credentialLines: Shape<string> = (value) => {
  const read = shape.text(value);
  if (!areCredentialLines(read)) throw new shape.Mismatch('', 'must be lines of credentials');
  return read;
};

/** Reads a {@link CredentialSet}. */
export const credentialSetShape: Shape<CredentialSet> = object({
  kind: shape.oneOf('CredentialSet'),
  id: shape.idOf('CredentialSet'),
  namespace: shape.text,
  keys: shape.secret(credentialLines),
  ...shape.defaulted({ plans: shape.list(shape.text) }, credentialSetDefaults),
});

/** Reads a {@link KeySet}. */
export const keySetShape: Shape<KeySet> = variant<KeySet>('state', {
  Available: object({
    ...keySetFields,
    state: shape.oneOf('Available'),
    keys: shape.list(jsonWebKey),
  }),
  Unavailable: object({ ...keySetFields, state: shape.oneOf('Unavailable') }),
  Shared: object({
    ...keySetFields,
    state: shape.oneOf('Shared'),
    alg: shape.oneOf(...sharedAlgorithms),
    secret: shape.secret(shape.text),
  }),
  Named: object({
    ...keySetFields,
    state: shape.oneOf('Named'),
    secrets: shape.list(object({ name: shape.text, secret: shape.secret(shape.text) })),
  }),
});

const revocationStream: Shape<RevocationStream> = object({
  cluster: shape.idOf('Cluster'),
  key: shape.text,
  username: shape.text,
  password: shape.nullable(shape.secret(shape.text)),
  tls: shape.nullable(object({ hostname: shape.text, authorities: shape.nullable(shape.text) })),
  maxStaleMs: millis,
});

/** Reads a {@link TokenRevocations}. */
export const tokenRevocationsShape: Shape<TokenRevocations> = object({
  kind: shape.oneOf('TokenRevocations'),
  id: shape.idOf('TokenRevocations'),
  tokens: shape.list(shape.text),
  subjects: shape.list(shape.text),
  ...shape.defaulted({ stream: shape.nullable(revocationStream) }, revocationDefaults),
});
