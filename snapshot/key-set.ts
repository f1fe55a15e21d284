import type { ResourceId } from './ids.ts';
import type { Secret } from './secret.ts';

/**
 * Keys that tokens are signed by: public ones as JSON Web Keys (RFC 7517), or secrets, never both. `Unavailable`:
 * never fetched yet, so nobody can be let in.
 */
export type KeySet = AvailableKeySet | UnavailableKeySet | SharedKeySet | NamedSecrets;

/** Keys that can be checked with; after a failed refresh the last good ones. */
export interface AvailableKeySet {
  readonly kind: 'KeySet';
  readonly state: 'Available';
  readonly id: ResourceId;
  readonly keys: readonly JsonWebKey[];
  /** True when the data plane may ask for a refresh on meeting an unknown `kid`. */
  readonly refreshable: boolean;
}

/** A set that has never been had. */
export interface UnavailableKeySet {
  readonly kind: 'KeySet';
  readonly state: 'Unavailable';
  readonly id: ResourceId;
  readonly refreshable: boolean;
}

/** A secret that issuer and gateway share: whoever checks with it could sign. */
export interface SharedKeySet {
  readonly kind: 'KeySet';
  readonly state: 'Shared';
  readonly id: ResourceId;
  readonly refreshable: boolean;
  readonly alg: SharedAlgorithm;
  /** base64 of {@link sharedOctetsMin} octets or more. */
  readonly secret: Secret<string>;
}

/** Secrets for HS256 that are told by their names: whoever checks with one could sign with it. */
export interface NamedSecrets {
  readonly kind: 'KeySet';
  readonly state: 'Named';
  readonly id: ResourceId;
  readonly refreshable: boolean;
  /** Sorted by name; base64 of {@link sharedOctetsMin} octets or more. */
  readonly secrets: readonly { readonly name: string; readonly secret: Secret<string> }[];
}

/** Public members only: a key with a private or symmetric part never gets here. */
export interface JsonWebKey {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly kid: string | null;
  /** Always told: where the key itself does not fix it, the translation chose by type and curve. */
  readonly alg: JwtAlgorithm;
  readonly n: string | null;
  readonly e: string | null;
  readonly crv: string | null;
  readonly x: string | null;
  readonly y: string | null;
}

/** Members that only a private key (RFC 7518 section 6) or a symmetric one has. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Whether a JSON Web Key, as somebody wrote it, is private or symmetric: whoever knows it could sign. */
export function isSecretKey(jwk: Readonly<Record<string, unknown>>): boolean {
  return jwk['kty'] === 'oct' || secretMembers.some((name) => Object.hasOwn(jwk, name));
}

/** All algorithms by which a token may be signed for public keys; none is symmetric. */
export const jwtAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

/** One of {@link jwtAlgorithms}. */
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

/** The symmetric algorithms, for shared secrets alone. */
export const sharedAlgorithms = ['HS256', 'HS384', 'HS512'] as const;

/** One of {@link sharedAlgorithms}. */
export type SharedAlgorithm = (typeof sharedAlgorithms)[number];

/** Fewest octets of a shared secret: as many as the hash has (RFC 7518 section 3.2). */
export const sharedOctetsMin = { HS256: 32, HS384: 48, HS512: 64 } as const satisfies Record<
  SharedAlgorithm,
  number
>;
