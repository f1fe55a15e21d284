import type { BasicAuthentication } from './basic.ts';
import type { ClientCertificateAuthentication } from './client-certificate.ts';
import type { AuthorizationEntry } from './authorization.ts';
import type { ExternalAuthorization } from './external-authorization.ts';
import type { HttpSignatureAuthentication } from './http-signature.ts';
import type { ResourceId } from './ids.ts';
import type { IntrospectionAuthentication } from './introspection.ts';
import type { OpenIdConnectAuthentication } from './open-id-connect.ts';
import type { ResourceMetadata } from './resource-metadata.ts';

/** What one level of AuthPolicy asks of a request: that one of `alternatives` lets it in, and all of `authorize` hold. */
export interface Authentication {
  readonly kind: 'Authentication';
  readonly id: ResourceId;
  /** `<namespace>/<policy>`: for logs. */
  readonly policy: string;
  /** Empty where `authorize` is not: who calls is a matter of other levels. */
  readonly alternatives: readonly AuthenticationWay[];
  /** Whether a request without any credential passes, as nobody. One with a bad credential never does. */
  readonly optional: boolean;
  /** Of challenges that have none of their own; `''`: the host that was asked for. */
  readonly realm: string;
  /** Null: clients are not told where tokens are to be had. */
  readonly resourceMetadata: ResourceMetadata | null;
  /** Null: refusals are told by problem details. */
  readonly denial: DenialText | null;
  /** Null: bad credentials are not counted. */
  readonly protection: GuessProtection | null;
  /** Asked before `authorize`; null: nobody is. */
  readonly external: ExternalAuthorization | null;
  readonly authorize: readonly AuthorizationEntry[];
}

/** A template of refusals. */
export interface DenialText {
  readonly contentType: string;
  /** `{status}`, `{title}` and `{requestId}` stand for these. */
  readonly body: string;
}

/**
 * When an address is blocked for bad credentials. So many in a window of its own, and one when there were so many for
 * the same account from anywhere; 0 for no such limit.
 */
export interface GuessProtection {
  readonly failures: number;
  readonly accountFailures: number;
  readonly windowMs: number;
  readonly blockMs: number;
}

/** A way to prove who calls. */
export type AuthenticationWay =
  | JwtAuthentication
  | ApiKeyAuthentication
  | ClientCertificateAuthentication
  | BasicAuthentication
  | IntrospectionAuthentication
  | OpenIdConnectAuthentication
  | HttpSignatureAuthentication;

/** Where a request carries a credential. */
export type CredentialSource = HeaderSource | CookieSource | QuerySource;

/** In the one field of this name. */
export interface HeaderSource {
  readonly kind: 'Header';
  /** Lower case. */
  readonly header: string;
  /** Lower case; what stands in front of the credential (RFC 9110 section 11.4). `''`: the value is the credential. */
  readonly scheme: string;
}

/** In the one cookie of this name. */
export interface CookieSource {
  readonly kind: 'Cookie';
  readonly cookie: string;
}

/** In the one query parameter of this name. */
export interface QuerySource {
  readonly kind: 'Query';
  readonly parameter: string;
}

/** Where a credential is looked for, and what becomes of it. */
export interface CredentialPlaces {
  /** Tried in their order; the first that is there counts. */
  readonly sources: readonly CredentialSource[];
  /** Whether backends get it from a field; from cookies and queries they never do. */
  readonly forwarded: boolean;
}

/** A bearer token (RFC 6750) that is a JWT (RFC 7519) signed by a key of `keySet`. */
export interface JwtAuthentication {
  readonly kind: 'JWT';
  readonly name: string;
  readonly credential: CredentialPlaces;
  /** `iss` must equal it. */
  readonly issuer: string;
  /** `aud` must hold one of them; empty: any audience passes. */
  readonly audiences: readonly string[];
  readonly keySet: ResourceId;
  readonly clockSkewMs: number;
  /** How long it passes from `iat` on, which it must then have. Null: until `exp`. */
  readonly maxAgeMs: number | null;
  /** The TokenRevocations that are asked; null: none. */
  readonly revocation: ResourceId | null;
  /** All of them are asked for. */
  readonly requiredClaims: readonly RequiredClaim[];
  /** Claims (dots descend into objects) sent to the backend; the client's own fields of these names are removed. */
  readonly claimsToHeaders: readonly ClaimToHeader[];
}

/** A claim (dots descend into objects) that must be there, and be or hold one of `values` if there are any. */
export interface RequiredClaim {
  readonly claim: string;
  readonly values: readonly string[];
}

/** A claim and the field that tells it to the backend. */
export interface ClaimToHeader {
  readonly claim: string;
  /** Lower case. */
  readonly header: string;
}

/** A key whose hash is in one of the sets `keys`. */
export interface ApiKeyAuthentication {
  readonly kind: 'APIKey';
  readonly name: string;
  readonly credential: CredentialPlaces;
  /** {@link CredentialSet}s; a key that is in several is that of the first. */
  readonly keys: readonly ResourceId[];
  /** What the backend is told; the client's own fields of these names are removed. */
  readonly identityToHeaders: readonly IdentityToHeader[];
}

/** What of an identity the field `header` (lower case) tells the backend. */
export interface IdentityToHeader {
  readonly value: IdentityValue;
  readonly header: string;
}

/** What can be told of who calls by a key. */
export const identityValues = ['Consumer', 'Groups', 'Plan', 'KeyId'] as const;

/** One of {@link identityValues}. */
export type IdentityValue = (typeof identityValues)[number];

/** What an authentication does that its encoded form does not tell. */
export const authenticationDefaults: Pick<
  Authentication,
  'optional' | 'realm' | 'resourceMetadata' | 'denial' | 'protection' | 'authorize' | 'external'
> = Object.freeze({
  optional: false,
  realm: '',
  resourceMetadata: null,
  denial: null,
  protection: null,
  authorize: Object.freeze([]),
  external: null,
});

/** Where a token is that nothing else is told of: in Authorization, as RFC 6750 section 2.1 has it, and it goes on. */
const bearerToken: CredentialPlaces = Object.freeze({
  sources: Object.freeze([
    Object.freeze({ kind: 'Header', header: 'authorization', scheme: 'bearer' } as const),
  ]),
  forwarded: true,
});

/** What a way in by JWT does that its encoded form does not tell. */
export const jwtDefaults: Pick<
  JwtAuthentication,
  'credential' | 'maxAgeMs' | 'requiredClaims' | 'revocation'
> = Object.freeze({
  credential: bearerToken,
  maxAgeMs: null,
  revocation: null,
  requiredClaims: Object.freeze([]),
});
